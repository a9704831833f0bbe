-- The draughts that a tanker sent by track and period, each with the time over which it did not change.
-- Grain: one track, period and spell of an unchanged draught (track_id, first_day, began_at, draught_m).
with ship_hour as (
    -- Hour by hour, since the rows are many. 25.5 m in AIS means 25.5 or more (ITU-R M.1371).
    select
        wanted.track_id,
        wanted.first_day,
        fix.draught_m::double as draught_m,
        date_trunc('hour', fix.reported_at) as hour,
        min(fix.reported_at) as first_at,
        max(fix.reported_at) as last_at
    from track_fix as fix
    inner join unread as wanted
        on
            fix.mmsi = wanted.mmsi
            and fix.reported_at between wanted.from_at and wanted.to_at
    where
        fix.mmsi in (select mmsi from unread)
        and fix.reported_at between getvariable('unread').from_at and getvariable('unread').to_at
        and fix.track_id = wanted.track_id
        and fix.verdict <> 'implausible'
        and fix.draught_m > 0
        and fix.draught_m < 25.5
    group by wanted.track_id, wanted.first_day, fix.draught_m, hour
),

compared as (
    select
        *,
        draught_m is distinct from lag(draught_m) over (
            partition by track_id, first_day order by first_at, draught_m
        ) as is_new
    from ship_hour
),

numbered as (
    select
        *,
        count(*) filter (where is_new) over (
            partition by track_id, first_day order by first_at, draught_m
            rows between unbounded preceding and current row
        ) as spell
    from compared
)

select
    track_id,
    first_day,
    any_value(draught_m) as draught_m,
    min(first_at) as began_at,
    max(last_at) as ended_at
from numbered
group by track_id, first_day, spell
order by track_id, began_at, draught_m

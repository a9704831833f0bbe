-- Draughts that tankers transmitted, each with the time over which it did not change.
-- Grain: one hull and spell of an unchanged draught (hull_id, began_at).
with ship as (
    select hull_id
    from hull
    where is_tanker
),

-- Ships that were near a port of the project, and others that a call in Iran may concern: those that
-- tanker_gap follows.
wanted_track as (
    select
        hull_spell.hull_id,
        hull_spell.track_id,
        hull_spell.mmsi,
        hull_spell.first_day,
        hull_spell.last_day
    from hull_spell
    inner join ship on hull_spell.hull_id = ship.hull_id
    where
        hull_spell.mmsi in (select mmsi from track_call)
        or hull_spell.hull_id in (select hull_id from tanker_gap)
),

-- Hour by hour, since the rows are many. 25.5 m in AIS means 25.5 or more (ITU-R M.1371).
ship_hour as (
    select
        wanted_track.hull_id,
        fix.draught_m::double as draught_m,
        date_trunc('hour', fix.reported_at) as hour,
        min(fix.reported_at) as first_at,
        max(fix.reported_at) as last_at
    from track_fix as fix
    inner join wanted_track
        on
            fix.mmsi = wanted_track.mmsi
            and fix.reported_at::date between wanted_track.first_day and wanted_track.last_day
    where
        fix.track_id = wanted_track.track_id
        and fix.verdict <> 'implausible'
        and fix.draught_m > 0
        and fix.draught_m < 25.5
    group by wanted_track.hull_id, fix.draught_m, date_trunc('hour', fix.reported_at)
),

compared as (
    select
        *,
        draught_m is distinct from lag(draught_m) over (
            partition by hull_id order by first_at, draught_m
        ) as is_new
    from ship_hour
),

numbered as (
    select
        *,
        count(*) filter (where is_new) over (
            partition by hull_id order by first_at, draught_m
            rows between unbounded preceding and current row
        ) as spell
    from compared
)

select
    hull_id,
    any_value(round(draught_m, 1)) as draught_m,
    min(first_at) as began_at,
    max(last_at) as ended_at
from numbered
group by hull_id, spell
order by hull_id, began_at, draught_m

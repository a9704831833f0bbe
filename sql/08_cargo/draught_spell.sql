-- Draughts that tankers transmitted, each with the time over which it did not change.
-- Grain: one hull and spell of an unchanged draught (hull_id, began_at).
-- Ships that were near a port of the project, and others that a call in Iran may concern: those that
-- were silent, or whose positions were false.
with sent as (
    select
        period.hull_id,
        sent_draught.draught_m,
        sent_draught.began_at,
        sent_draught.ended_at
    from sent_draught
    inner join followed_track as period
        on sent_draught.track_id = period.track_id and sent_draught.first_day = period.first_day
    where
        period.mmsi in (select mmsi from track_call)
        or period.hull_id in (select hull_id from tanker_gap)
        or period.hull_id in (select hull_id from spoofed_span)
),

compared as (
    select
        *,
        draught_m is distinct from lag(draught_m) over (
            partition by hull_id order by began_at, draught_m
        ) as is_new
    from sent
),

numbered as (
    select
        *,
        count(*) filter (where is_new) over (
            partition by hull_id order by began_at, draught_m
            rows between unbounded preceding and current row
        ) as spell
    from compared
)

select
    hull_id,
    any_value(round(draught_m, 1)) as draught_m,
    min(began_at) as began_at,
    max(ended_at) as ended_at
from numbered
group by hull_id, spell
order by hull_id, began_at, draught_m

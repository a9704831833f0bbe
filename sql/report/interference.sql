-- The interference events of a week, and their effect on tanker calls at the ports concerned.
-- Grain: one event that touches $week (interference_id).
with this_week as (
    select week_start
    from week
    where week = $week
),

covered as (
    select
        call_interference.interference_id,
        count(*) as tanker_calls_less_sure,
        count(*) filter (where port_call.confidence = 1) as tanker_calls_contested
    from call_interference
    inner join port_call on call_interference.port_call_id = port_call.port_call_id
    where port_call.is_tanker and port_call.week = $week
    group by call_interference.interference_id
)

select
    $week as week,
    event.place,
    event.began_at,
    event.ended_at,
    event.ships,
    event.displaced_fixes,
    event.evidence,
    round(event.lon, 3) as lon,
    round(event.lat, 3) as lat,
    coalesce(covered.tanker_calls_less_sure, 0) as tanker_calls_less_sure,
    coalesce(covered.tanker_calls_contested, 0) as tanker_calls_contested
from interference as event
cross join this_week
left join covered on event.interference_id = covered.interference_id
where
    event.began_at < this_week.week_start + interval 7 day
    and event.ended_at >= this_week.week_start
order by event.interference_id

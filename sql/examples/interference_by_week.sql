-- Interference by week: number of events, most ships displaced, and tanker calls with lowered confidence.
-- Grain: one week.
with affected as (
    select
        call_interference.interference_id,
        count(*) filter (where port_call.is_tanker) as tanker_calls,
        count(*) filter (where port_call.is_tanker and port_call.confidence = 1) as contested
    from call_interference
    inner join port_call on call_interference.port_call_id = port_call.port_call_id
    group by call_interference.interference_id
)

select
    strftime(event.began_at, '%G-W%V') as week,
    count(*) as events,
    max(event.ships) as most_ships,
    sum(event.displaced_fixes) as displaced_fixes,
    sum(coalesce(affected.tanker_calls, 0)) as tanker_calls_inside,
    sum(coalesce(affected.contested, 0)) as tanker_calls_contested
from interference as event
left join affected on event.interference_id = affected.interference_id
group by week
order by week

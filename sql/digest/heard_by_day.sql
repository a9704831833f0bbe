-- Reception around each port by day.
-- Grain: one port and UTC day.
select
    port_id,
    slot_at::date as day,
    sum(fixes)::bigint as fixes,
    count(distinct mmsi) as vessels
from new_heard
group by port_id, day
order by port_id, day

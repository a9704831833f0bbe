-- Listed tankers that were heard near Iranian ports in a week in which they were at none.
-- Grain: one ship (imo) heard near a port in $week.
with nearby as (
    select
        listed_nearby.*,
        port.name as port_name
    from listed_nearby
    inner join port on listed_nearby.port_id = port.port_id
    where listed_nearby.week = $week
)

select
    week,
    vessel_name,
    imo,
    mmsi,
    flag,
    lists,
    -- Ports next to each other are near the same ship: those near which it was heard longest come first.
    string_agg(port_name, '; ' order by hours desc, port_id) as near_ports,
    min(first_hour_at) as first_hour_at,
    max(last_hour_at) as last_hour_at,
    max(hours) as hours
from nearby
group by week, hull_id, vessel_name, imo, mmsi, flag, lists
order by hours desc, imo, mmsi

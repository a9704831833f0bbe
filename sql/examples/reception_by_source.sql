-- Which source heard which port by week, and when it was last heard there.
-- Grain: one week, port and source.
select
    port_reception.week,
    port.water,
    port_reception.port_id,
    port.name as port_name,
    port_reception.source,
    port_reception.heard_hours,
    round(100 * port_reception.heard_share::double, 1) as heard_percent,
    port_reception.last_hour
from port_reception
inner join port on port_reception.port_id = port.port_id
order by port_reception.week, port.water, port_reception.port_id, port_reception.source

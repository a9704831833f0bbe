-- Which source heard which port in a week, as the report's CSV.
-- Grain: one port and source.
select
    port_reception.week,
    port_reception.port_id,
    port.name as port_name,
    port.water,
    port_reception.source,
    port_reception.heard_hours,
    port_reception.heard_share,
    port_reception.last_hour
from port_reception
inner join port on port_reception.port_id = port.port_id
where port_reception.week = $week
order by port.water, port_reception.port_id, port_reception.source

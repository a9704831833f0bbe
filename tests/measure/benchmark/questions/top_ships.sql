-- The twenty ships with most calls at Iranian ports.
-- Grain: one hull, or transmitter without one. Inputs: port_call, port.
select
    call.imo,
    call.mmsi,
    any_value(call.vessel_name order by call.arrived_at) as vessel_name,
    count(*) as port_calls,
    count(distinct call.port_id) as ports
from port_call as call
inner join port on call.port_id = port.port_id
where port.country = 'IR' and call.confidence >= 2
group by call.imo, call.mmsi
order by port_calls desc, call.imo, call.mmsi
limit 20

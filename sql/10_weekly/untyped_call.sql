-- Calls of ships whose type neither AIS nor a list gives: in no count, which is therefore a lower bound.
-- Grain: one series and call (series, port_call_id).
select
    series_port.series,
    port_call.port_call_id,
    port_call.week,
    port_call.port_id,
    case when port.water = 'Caspian' then 'Caspian' else 'Gulf and Gulf of Oman' end as water,
    port_call.link_tier,
    port_call.is_russian_linked
from port_call
inner join port on port_call.port_id = port.port_id
inner join series_port on port_call.port_id = series_port.port_id
where
    port_call.is_tanker is null
    and port_call.is_arrival
    and port_call.confidence >= rule('counted_confidence')
order by series_port.series, port_call.port_call_id

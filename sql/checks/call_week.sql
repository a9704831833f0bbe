-- Calls whose week is not the ISO week, in UTC, of their arrival, or lies outside the weeks with input.
-- Grain: one call at fault.
select
    port_call.port_call_id,
    port_call.arrived_at,
    port_call.week
from port_call
left join week
    on
        port_call.week = week.week
        and port_call.arrived_at >= week.starts_at
        and port_call.arrived_at < week.ends_at
where week.week is null or port_call.week <> strftime(port_call.arrived_at, '%G-W%V')
order by port_call.port_call_id

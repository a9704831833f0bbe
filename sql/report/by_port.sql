-- A week's ports for the report page: Russian-linked calls, all tanker calls and the share heard.
-- Grain: one port of $week.
with by_port as (
    select
        port_id,
        sum(port_calls) filter (where link_tier in ('strong', 'moderate')) as linked_calls,
        sum(berth_calls) filter (where link_tier in ('strong', 'moderate')) as linked_berth_calls,
        sum(port_calls) as tanker_calls,
        any_value(observed_share) as observed_share,
        bool_or(state = 'open') as is_open
    from weekly_port_calls
    where series = getvariable('series') and week = $week
    group by port_id
)

select
    port.port_id,
    port.name,
    port.water,
    by_port.linked_berth_calls::integer as linked_berth_calls,
    by_port.linked_calls::integer as linked_calls,
    by_port.tanker_calls::integer as tanker_calls,
    by_port.observed_share,
    by_port.is_open
from by_port
inner join port on by_port.port_id = port.port_id
order by
    by_port.linked_calls desc nulls last,
    by_port.tanker_calls desc nulls last,
    by_port.observed_share desc,
    port.port_id

-- Calls at each port by week and the share of the hours that was heard there, with the port's place.
-- Grain: one port and week of one series.
with by_port as (
    select
        series,
        week,
        port_id,
        sum(port_calls) filter (where link_tier in ('strong', 'moderate')) as linked_calls,
        sum(berth_calls) filter (where link_tier in ('strong', 'moderate')) as linked_berth_calls,
        sum(port_calls) as tanker_calls,
        any_value(observed_share) as observed_share,
        bool_or(state = 'open') as is_open
    from weekly_port_calls
    group by series, week, port_id
)

select
    by_port.series,
    by_port.week,
    by_port.port_id,
    port.name,
    port.water,
    by_port.linked_berth_calls::integer as linked_berth_calls,
    by_port.linked_calls::integer as linked_calls,
    by_port.tanker_calls::integer as tanker_calls,
    round(by_port.observed_share::double, 3) as observed_share,
    by_port.is_open,
    port.lon,
    port.lat
from by_port
inner join port on by_port.port_id = port.port_id
order by
    by_port.series,
    by_port.week,
    by_port.linked_calls desc nulls last,
    by_port.tanker_calls desc nulls last,
    by_port.observed_share desc,
    by_port.port_id

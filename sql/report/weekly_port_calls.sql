-- A week's tanker calls by port and strength of the link, as the report's CSV.
-- Grain: one port and link_tier of $week.
-- Key: week, port_id, link_tier.
select
    weekly_port_calls.week,
    weekly_port_calls.week_start,
    weekly_port_calls.port_id,
    port.name as port_name,
    port.water,
    weekly_port_calls.link_tier,
    weekly_port_calls.port_calls,
    weekly_port_calls.berth_calls,
    weekly_port_calls.vessels,
    round(weekly_port_calls.observed_share::double, 3) as observed_share,
    weekly_port_calls.state,
    weekly_port_calls.in_port_calls
from weekly_port_calls
inner join port on weekly_port_calls.port_id = port.port_id
where weekly_port_calls.series = getvariable('series') and weekly_port_calls.week = $week
order by
    weekly_port_calls.port_id,
    list_position(['strong', 'moderate', 'weak', 'none'], weekly_port_calls.link_tier)

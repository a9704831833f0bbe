-- Reception at each port by week: where little was heard, the absence of calls means little.
-- Grain: one port and week.
with heard as (
    select
        port_id,
        strftime(day, '%G-W%V') as week,
        sum(fixes) as fixes,
        max(vessels) as most_vessels_a_day,
        count(*) filter (where state = 'unobserved') as silent_days
    from coverage
    group by all
)

select
    port_week.week,
    port.water,
    port.port_id,
    port.name as port_name,
    port.usual_tanker_calls,
    round(100 * port_week.observed_share::double, 1) as heard_percent,
    heard.fixes::bigint as fixes,
    heard.most_vessels_a_day,
    heard.silent_days
from port_week
inner join port on port_week.port_id = port.port_id
left join heard on port_week.port_id = heard.port_id and port_week.week = heard.week
order by port_week.week, port.water, port.port_id

-- Weeks of a port whose share is not that of its heard hours, or differs between relations.
-- Grain: one week and port at fault.
with heard as (
    select
        port_id,
        strftime(day, '%G-W%V') as week,
        sum(observed_hours) as hours
    from coverage
    group by all
),

published_share as (
    select
        week,
        port_id,
        min(observed_share) as least_share,
        max(observed_share) as most_share
    from weekly_port_calls
    group by week, port_id
)

select
    port_week.week,
    port_week.port_id,
    port_week.observed_share,
    heard.hours,
    week.hours_passed,
    published_share.least_share,
    published_share.most_share
from port_week
inner join week on port_week.week = week.week
left join heard on port_week.week = heard.week and port_week.port_id = heard.port_id
left join published_share on port_week.week = published_share.week and port_week.port_id = published_share.port_id
where
    port_week.observed_share is distinct from published_share.least_share
    or port_week.observed_share is distinct from published_share.most_share
    or (port_week.observed_share is null) <> (week.hours_passed = 0)
    or abs(port_week.observed_share * week.hours_passed - coalesce(heard.hours, 0)) > 0.01
order by port_week.week, port_week.port_id

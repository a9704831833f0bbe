-- Share of each week that was heard at each port.
-- Grain: one week and port.
with heard as (
    select
        port_id,
        date_trunc('week', slot_at) as starts_at,
        sum(bit_count(hour_bits)) as observed_hours
    from observed_slot
    group by all
)

select
    week.week,
    week.week_start,
    week.is_open,
    port.port_id,
    port.usual_tanker_calls,
    case
        when week.hours_passed > 0
            then (coalesce(heard.observed_hours, 0) / week.hours_passed)::float
    end as observed_share
from week
cross join port
left join heard on week.starts_at = heard.starts_at and port.port_id = heard.port_id
where port.country = 'IR'
order by week.week, port.port_id

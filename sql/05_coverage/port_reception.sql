-- Which source heard which Iranian port, week by week.
-- Grain: one week, port and source of the lake.
with listened as (
    select
        port_id,
        source,
        date_trunc('week', hour) as starts_at,
        count(*) as heard_hours
    from source_hour
    group by all
),

last_fix as (
    select
        port_id,
        source,
        date_trunc('week', hour) as starts_at,
        max(hour) as last_hour
    from heard_hour
    group by all
),

lake_source as (
    select distinct source
    from source_file
    where rows_kept > 0
)

select
    week.week,
    week.week_start,
    port.port_id,
    lake_source.source,
    coalesce(listened.heard_hours, 0)::smallint as heard_hours,
    case
        when week.hours_passed > 0
            then (coalesce(listened.heard_hours, 0) / week.hours_passed)::float
    end as heard_share,
    last_fix.last_hour
from week
cross join port
cross join lake_source
left join listened
    on
        week.starts_at = listened.starts_at
        and port.port_id = listened.port_id
        and lake_source.source = listened.source
left join last_fix
    on
        week.starts_at = last_fix.starts_at
        and port.port_id = last_fix.port_id
        and lake_source.source = last_fix.source
where port.country = 'IR'
order by week.week, port.port_id, lake_source.source

-- Which source heard which Iranian port, week by week.
-- Grain: one week, port and source of the lake.
with listened as (
    select
        port_id,
        source,
        date_trunc('week', slot_at) as starts_at,
        sum(bit_count(heard_bits)) as heard_hours,
        max(slot_at + to_hours(floor(log2(nullif(hour_bits, 0)))::integer)) as last_hour
    from heard_slot
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
    listened.last_hour
from week
cross join port
cross join lake_source
left join listened
    on
        week.starts_at = listened.starts_at
        and port.port_id = listened.port_id
        and lake_source.source = listened.source
where port.country = 'IR'
order by week.week, port.port_id, lake_source.source

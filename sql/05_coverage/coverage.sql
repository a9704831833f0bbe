-- Reception around each port by day. It measures reception, not calls.
-- Grain: one port and UTC day, from the first week with input to the last, up to the as-of time.
-- Key: port_id, day.
with port_day as (
    select
        port.port_id,
        unnest(
            generate_series(
                week.starts_at, least(week.ends_at - interval 1 day, clock.as_of), interval 1 day
            )
        )::date as day
    from week
    cross join port
    cross join clock
    where port.country = 'IR'
),

summed as (
    select
        port_id,
        day,
        sum(fixes)::bigint as fixes,
        sum(vessels)::bigint as vessels,
        count(*) as digests
    from heard_by_day
    group by port_id, day
),

-- A ship may be in several digests.
recounted as (
    select
        port_id,
        slot_at::date as day,
        count(distinct mmsi) as vessels
    from heard
    where (port_id, slot_at::date) in (select (port_id, day) from summed where digests > 1)
    group by port_id, slot_at::date
),

observed as (
    select
        port_id,
        slot_at::date as day,
        sum(bit_count(hour_bits)) as observed_hours
    from observed_slot
    group by port_id, day
)

select
    port_day.port_id,
    port_day.day,
    coalesce(observed.observed_hours, 0)::smallint as observed_hours,
    coalesce(summed.fixes, 0) as fixes,
    coalesce(recounted.vessels, summed.vessels, 0) as vessels,
    case
        when coalesce(observed.observed_hours, 0) = 0 then 'unobserved'
        when observed.observed_hours >= rule('whole_share') * 24 then 'complete'
        else 'partial'
    end as state
from port_day
left join summed on port_day.port_id = summed.port_id and port_day.day = summed.day
left join recounted on port_day.port_id = recounted.port_id and port_day.day = recounted.day
left join observed on port_day.port_id = observed.port_id and port_day.day = observed.day
order by port_day.port_id, port_day.day

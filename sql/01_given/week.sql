-- The ISO weeks from the first to the last with input, and which of them are still open.
-- Grain: one week (week).
with span as (
    select
        date_trunc('week', min(first_reported_at)) as first_start,
        date_trunc('week', max(last_reported_at)) as last_start,
        max(last_reported_at) as last_reported_at
    from source_file
    where rows_kept > 0
),

started as (
    select unnest(generate_series(first_start, last_start, interval 7 day))::timestamp as starts_at
    from span
)

select
    strftime(started.starts_at, '%G-W%V') as week,
    started.starts_at::date as week_start,
    started.starts_at,
    started.starts_at + interval 7 day as ends_at,
    -- Hours of the week that were over at the as-of time.
    least(
        168, greatest(0, datediff('hour', started.starts_at, clock.as_of))
    )::integer as hours_passed,
    started.starts_at + interval 7 day > clock.as_of
    or span.last_reported_at < started.starts_at + interval 167 hour as is_open
from started
cross join span
cross join clock
order by started.starts_at

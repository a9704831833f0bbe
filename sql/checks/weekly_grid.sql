-- Weeks, ports and tiers of a series that weekly_port_calls does not hold just once, from the first week with input to the last.
-- Grain: one series, week, port and link_tier at fault.
with span as (
    select unnest(
        generate_series(
            date_trunc('week', min(first_reported_at)),
            date_trunc('week', max(last_reported_at)),
            interval 7 day
        )
    )::date as week_start
    from source_file
),

expected as (
    select
        series_port.series,
        strftime(span.week_start, '%G-W%V') as week,
        span.week_start,
        series_port.port_id,
        tier.link_tier
    from span
    cross join series_port
    cross join (select unnest(['strong', 'moderate', 'weak', 'none']) as link_tier) as tier
),

held as (
    select
        series,
        week,
        week_start,
        port_id,
        link_tier,
        count(*) as held_rows
    from weekly_port_calls
    group by all
)

select
    coalesce(expected.series, held.series) as series,
    coalesce(expected.week, held.week) as week,
    coalesce(expected.week_start, held.week_start) as week_start,
    coalesce(expected.port_id, held.port_id) as port_id,
    coalesce(expected.link_tier, held.link_tier) as link_tier,
    coalesce(held.held_rows, 0) as held_rows
from expected
full join held
    on
        expected.series = held.series
        and expected.week = held.week
        and expected.week_start = held.week_start
        and expected.port_id = held.port_id
        and expected.link_tier = held.link_tier
where expected.week is null or held.held_rows is distinct from 1
order by
    coalesce(expected.series, held.series),
    coalesce(expected.week, held.week),
    coalesce(expected.week_start, held.week_start),
    coalesce(expected.port_id, held.port_id),
    coalesce(expected.link_tier, held.link_tier)

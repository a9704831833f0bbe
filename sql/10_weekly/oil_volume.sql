-- The oil that calls of Russian-linked tankers moved, with a 90 % interval: the volume beside the count.
-- Grain: one series of tankers, week, direction, water and link_tier; null is all of a dimension.
with added as (
    select
        series,
        week,
        water,
        direction,
        link_tier,
        calls,
        estimated_calls,
        two_draught_calls,
        one_draught_calls,
        terminal_calls,
        in_port_calls
    from volume_count
    union all
    select
        series,
        week,
        null as water,
        direction,
        link_tier,
        sum(calls) as calls,
        sum(estimated_calls) as estimated_calls,
        sum(two_draught_calls) as two_draught_calls,
        sum(one_draught_calls) as one_draught_calls,
        sum(terminal_calls) as terminal_calls,
        sum(in_port_calls) as in_port_calls
    from volume_count
    group by series, week, direction, link_tier
),

-- Tonne-miles of the calls whose voyage has both ends (relation call_oil): no scaling, a lower bound.
voyage as (
    select
        call.series,
        call.week,
        call.water,
        call.direction,
        call.link_tier,
        oil.tonne_miles
    from volume_call as call
    inner join call_oil as oil on call.port_call_id = oil.port_call_id
    where oil.tonne_miles is not null
),

carried as (
    select
        added.series,
        added.week,
        added.water,
        added.direction,
        added.link_tier,
        sum(voyage.tonne_miles)::bigint as tonne_miles,
        count(*) as tonne_mile_calls
    from added
    inner join voyage
        on
            added.series = voyage.series
            and added.week = voyage.week
            and coalesce(added.water = voyage.water, true)
            and coalesce(added.direction = voyage.direction, true)
            and coalesce(added.link_tier = voyage.link_tier, true)
    group by added.series, added.week, added.water, added.direction, added.link_tier
)

select
    added.week,
    series_count.week_start,
    added.series,
    added.direction,
    added.water,
    added.link_tier,
    case when added.calls > 0 or series_count.is_zero_reported then added.calls end::integer
        as calls,
    -- To the hundred tonnes and thousand barrels: the estimates of calls are no finer.
    round(week_volume.payload_t, -2)::integer as payload_t,
    round(week_volume.payload_low_90_t, -2)::integer as payload_low_90_t,
    round(week_volume.payload_high_90_t, -2)::integer as payload_high_90_t,
    round(week_volume.payload_bbl, -3)::integer as payload_bbl,
    round(
        week_volume.payload_bbl / nullif(week_volume.payload_t, 0) * week_volume.payload_low_90_t, -3
    )::integer as payload_low_90_bbl,
    round(
        week_volume.payload_bbl / nullif(week_volume.payload_t, 0) * week_volume.payload_high_90_t,
        -3
    )::integer as payload_high_90_bbl,
    case when added.calls > 0 or series_count.is_zero_reported then added.estimated_calls end::integer
        as calls_with_estimate,
    case when added.calls > 0 or series_count.is_zero_reported then added.two_draught_calls end::integer
        as calls_by_two_draughts,
    case when added.calls > 0 or series_count.is_zero_reported then added.one_draught_calls end::integer
        as calls_by_one_draught,
    case when added.calls > 0 or series_count.is_zero_reported then added.terminal_calls end::integer
        as calls_by_terminal,
    series_count.observed_share,
    series_count.state,
    carried.tonne_miles,
    carried.tonne_mile_calls::integer as tonne_mile_calls,
    case when added.calls > 0 or series_count.is_zero_reported then added.in_port_calls end::integer
        as calls_still_in_port
from added
inner join series_count
    on
        added.series = series_count.series
        and added.week = series_count.week
        and added.water is not distinct from series_count.water
inner join week_volume
    on
        added.series = week_volume.series
        and added.week = week_volume.week
        and added.water is not distinct from week_volume.water
        and added.direction is not distinct from week_volume.direction
        and added.link_tier is not distinct from week_volume.link_tier
left join carried
    on
        added.series = carried.series
        and added.week = carried.week
        and added.water is not distinct from carried.water
        and added.direction is not distinct from carried.direction
        and added.link_tier is not distinct from carried.link_tier
order by
    added.series,
    added.week,
    added.water nulls first,
    added.direction nulls first,
    added.link_tier nulls first

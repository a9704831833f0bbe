-- The headline calls of each series by week, split by water, strength and kind of link, and listing under programmes concerning Iran; tankers by kind, direction and whose oil too.
-- Grain: one series, week, dimension and value, a full grid.
with kind as (
    select
        dimension,
        of_tankers,
        unnest("values") as "value"
    from (
        values
        ('water', false, ['Gulf and Gulf of Oman', 'Caspian']),
        ('link_tier', false, ['strong', 'moderate', 'weak', 'none']),
        ('link_reason', false, ['listed', 'flag', 'owner', 'trade']),
        ('tanker_kind', true, ['crude', 'product', 'chemical', 'gas', 'unknown']),
        ('direction', true, ['loading', 'discharging', 'unknown']),
        (
            'oil',
            true,
            [
                'Russian oil likely delivered', 'Russian oil likely on board',
                'Iranian oil likely loaded', 'oil of unknown origin delivered', 'not known'
            ]
        ),
        ('iran_listed', false, ['yes', 'no', 'unknown'])
    ) as split_value (dimension, of_tankers, "values")
),

call as (
    select
        counted_call.series,
        counted_call.week,
        counted_call.hull_id,
        counted_call.area_kind,
        counted_call.is_russian_linked,
        cargo.deadweight_t,
        cargo.payload_t,
        case when counted_call.water = 'Caspian' then 'Caspian' else 'Gulf and Gulf of Oman' end
            as water,
        counted_call.link_tier,
        split(counted_call.link_reasons, ', ') as link_reasons,
        coalesce(port_call.tanker_kind, 'unknown') as tanker_kind,
        coalesce(cargo.direction, 'unknown') as direction,
        coalesce(oil.oil, 'not known') as oil,
        case port_call.is_iran_listed when true then 'yes' when false then 'no' else 'unknown' end
            as iran_listed
    from counted_call
    inner join port_call on counted_call.port_call_id = port_call.port_call_id
    left join call_cargo as cargo on counted_call.port_call_id = cargo.port_call_id
    left join call_oil as oil on counted_call.port_call_id = oil.port_call_id
    where counted_call.is_headline
),

counted as (
    select
        call.series,
        call.week,
        kind.dimension,
        kind.value,
        count(*) as tanker_calls,
        count(*) filter (where call.is_russian_linked) as linked_calls,
        count(*) filter (where call.is_russian_linked and call.area_kind = 'berth')
            as linked_berth_calls,
        count(distinct call.hull_id) filter (where call.is_russian_linked) as linked_vessels,
        count(call.deadweight_t) filter (where call.is_russian_linked) as sized_calls,
        sum(call.deadweight_t) filter (where call.is_russian_linked) as deadweight_t,
        count(call.payload_t) filter (where call.is_russian_linked) as payload_calls,
        sum(call.payload_t) filter (where call.is_russian_linked) as payload_t
    from call
    inner join kind
        on case kind.dimension
            when 'water' then call.water = kind.value
            when 'link_tier' then call.link_tier = kind.value
            when 'link_reason' then coalesce(list_contains(call.link_reasons, kind.value), false)
            when 'tanker_kind' then call.tanker_kind = kind.value
            when 'direction' then call.direction = kind.value
            when 'oil' then call.oil = kind.value
            else call.iran_listed = kind.value
        end
    group by call.series, call.week, kind.dimension, kind.value
),

grid as (
    select
        coast_week.series,
        week.week,
        week.week_start,
        kind.dimension,
        kind.value,
        coast_week.observed_share,
        coalesce(counted.tanker_calls, 0) as tanker_calls,
        coalesce(counted.linked_calls, 0) as linked_calls,
        coalesce(counted.linked_berth_calls, 0) as linked_berth_calls,
        coalesce(counted.linked_vessels, 0) as linked_vessels,
        coalesce(counted.sized_calls, 0) as sized_calls,
        counted.deadweight_t,
        coalesce(counted.payload_calls, 0) as payload_calls,
        counted.payload_t,
        -- A water that was not heard is null, not zero, however well the rest of the coast was heard.
        coalesce(coast_week.worst_share, 0) >= rule('least_share')::float
        and coalesce(untyped.linked_calls, 0) = 0
        and case kind.value
            when 'listed' then evidence_at_hand.has_listed
            when 'flag' then evidence_at_hand.has_flag
            when 'owner' then evidence_at_hand.has_owner
            when 'trade' then case
                when series.cargo = 'tanker' then evidence_at_hand.has_trade
                else evidence_at_hand.has_dry_cargo_trade
            end
            when 'yes' then evidence_at_hand.has_iran_list
            when 'no' then evidence_at_hand.has_iran_list
            else true
        end as is_zero_reported,
        -- Any ship of unknown type may have been one that counts, linked or not (relation barometer).
        is_zero_reported and untyped.calls is null as is_tanker_zero_reported,
        kind.value in ('weak', 'none') as is_unlinked
    from week
    cross join kind
    inner join evidence_at_hand on week.week = evidence_at_hand.week
    -- A water without a port of the series has no row.
    inner join coast_week
        on
            week.week = coast_week.week
            and coast_week.water is not distinct from case
                when kind.dimension = 'water' then kind.value
            end
    inner join series
        on coast_week.series = series.series and (series.cargo = 'tanker' or not kind.of_tankers)
    left join counted
        on
            coast_week.series = counted.series
            and week.week = counted.week
            and kind.dimension = counted.dimension
            and kind.value = counted.value
    left join untyped_week as untyped
        on
            coast_week.series = untyped.series
            and week.week = untyped.week
            and coast_week.water is not distinct from untyped.water
)

select
    week,
    dimension,
    "value",
    -- The tiers weak and none have no linked calls by definition: null, not zero.
    case when linked_calls > 0 or (is_zero_reported and not is_unlinked) then linked_calls end
        as linked_calls,
    case
        when linked_berth_calls > 0 or (is_zero_reported and not is_unlinked) then linked_berth_calls
    end as linked_berth_calls,
    case when linked_vessels > 0 or (is_zero_reported and not is_unlinked) then linked_vessels end
        as linked_vessels,
    case when tanker_calls > 0 or is_tanker_zero_reported then tanker_calls end as tanker_calls,
    -- Null where calls were counted and none has a known quantity.
    case
        when sized_calls > 0 then deadweight_t::bigint
        when linked_calls = 0 and is_zero_reported and not is_unlinked then 0
    end as linked_deadweight_t,
    case
        when payload_calls > 0 then payload_t::bigint
        when linked_calls = 0 and is_zero_reported and not is_unlinked then 0
    end as linked_payload_t,
    week_start,
    case when linked_calls > 0 or (is_zero_reported and not is_unlinked) then sized_calls end
        as linked_deadweight_calls,
    case when linked_calls > 0 or (is_zero_reported and not is_unlinked) then payload_calls end
        as linked_payload_calls,
    observed_share,
    series
from grid
order by series, week, dimension, "value"

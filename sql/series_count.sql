-- The headline's counts by week, and how much of the coast was heard, before anything is said of them.
-- Grain: one week, from the first to the last with input. Inputs: week, port_week, counted_call, port_call, vessel_link, observed_hour, port.
with headline as (
    select
        week,
        count(*) as tanker_calls,
        count(*) filter (where is_russian_linked) as linked_calls,
        count(*) filter (where is_russian_linked and was_known_at_call) as linked_at_call,
        count(*) filter (where is_russian_linked and area_kind = 'berth') as berth_calls,
        count(*) filter (
            where is_russian_linked and list_contains(split(link_reasons, ', '), 'listed')
        ) as listed_calls,
        count(*) filter (
            where is_russian_linked and list_contains(split(link_reasons, ', '), 'flag')
        ) as flag_calls,
        count(*) filter (
            where is_russian_linked and list_contains(split(link_reasons, ', '), 'owner')
        ) as owner_calls,
        count(*) filter (
            where is_russian_linked and list_contains(split(link_reasons, ', '), 'trade')
        ) as trade_calls
    from counted_call
    where is_headline
    group by week
),

-- The coast's share weights each port by its usual tanker calls; a port without a figure by none.
-- Integer sums of hours would need whole weights: a fixed order keeps the float sum the same.
coast as (
    select
        week,
        (
            list_sum(list(observed_share::double * usual_tanker_calls order by port_id))
            / list_sum(list(usual_tanker_calls::double order by port_id))
        )::float as observed_share
    from port_week
    where usual_tanker_calls is not null
    group by week
),

-- A kind of evidence that nothing gives cannot be counted as zero: no register names owners, no
-- source hears a Russian oil port.
hears_trade as (
    select count(*) > 0 as hears_trade
    from observed_hour
    inner join port on observed_hour.port_id = port.port_id
    where port.trade_tier is not null
),

known as (
    select
        coalesce(bool_or(link.link_reason = 'owner'), false) as has_owner,
        coalesce(bool_or(link.link_reason = 'trade' and link.link_tier <> 'weak'), false)
        or any_value(hears_trade.hears_trade) as has_trade
    from hears_trade
    left join vessel_link as link on true
)

select
    week.week,
    week.week_start,
    week.is_open,
    coast.observed_share,
    coalesce(headline.tanker_calls, 0) as tanker_calls,
    coalesce(headline.linked_calls, 0) as linked_calls,
    coalesce(headline.linked_at_call, 0) as linked_at_call,
    coalesce(headline.berth_calls, 0) as berth_calls,
    coalesce(headline.listed_calls, 0) as listed_calls,
    coalesce(headline.flag_calls, 0) as flag_calls,
    case when known.has_owner then coalesce(headline.owner_calls, 0) end as owner_calls,
    case when known.has_trade then coalesce(headline.trade_calls, 0) end as trade_calls,
    -- A count above zero always stands; a zero is said only where 0.3 of the hours were heard.
    coalesce(coast.observed_share, 0) >= 0.3::float as is_zero_said
from week
cross join known
left join headline on week.week = headline.week
left join coast on week.week = coast.week
order by week.week

-- The headline's counts by week, and how much of the coast was heard, before anything is said of them.
-- Grain: one week, from the first to the last with input. Inputs: week, coast_week, counted_call, evidence_at_hand.
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
)

select
    week.week,
    week.week_start,
    week.is_open,
    coast_week.observed_share,
    coalesce(headline.tanker_calls, 0) as tanker_calls,
    coalesce(headline.linked_calls, 0) as linked_calls,
    coalesce(headline.linked_at_call, 0) as linked_at_call,
    coalesce(headline.berth_calls, 0) as berth_calls,
    coalesce(headline.listed_calls, 0) as listed_calls,
    coalesce(headline.flag_calls, 0) as flag_calls,
    case when evidence_at_hand.has_owner then coalesce(headline.owner_calls, 0) end as owner_calls,
    case when evidence_at_hand.has_trade then coalesce(headline.trade_calls, 0) end as trade_calls,
    -- A count above zero always stands; a zero is said only where 0.3 of the hours were heard.
    coalesce(coast_week.observed_share, 0) >= 0.3::float as is_zero_said
from week
cross join evidence_at_hand
left join headline on week.week = headline.week
left join coast_week on week.week = coast_week.week and coast_week.water is null
order by week.week

-- The counts of each series by week, for all its ports and each water, with the share heard; input of the rates and tests (flows/derive/series.py).
-- Grain: one series, week and water; water is null for all ports of the series.
with call as (
    select
        series,
        week,
        unnest([null, case when water = 'Caspian' then 'Caspian' else 'Gulf and Gulf of Oman' end])
            as water,
        area_kind,
        is_russian_linked,
        was_known_at_call,
        split(link_reasons, ', ') as link_reasons,
        is_headline,
        is_arrival
    from counted_call
),

headline as (
    select
        series,
        week,
        water,
        count(*) filter (where is_headline) as tanker_calls,
        count(*) filter (where is_headline and is_russian_linked) as linked_calls,
        count(*) filter (where is_headline and is_russian_linked and was_known_at_call)
            as linked_at_call,
        count(*) filter (where is_headline and is_russian_linked and area_kind = 'berth')
            as berth_calls,
        count(*) filter (
            where is_headline and is_russian_linked and list_contains(link_reasons, 'listed')
        ) as listed_calls,
        count(*) filter (
            where is_headline and is_russian_linked and list_contains(link_reasons, 'flag')
        ) as flag_calls,
        count(*) filter (
            where is_headline and is_russian_linked and list_contains(link_reasons, 'owner')
        ) as owner_calls,
        count(*) filter (
            where is_headline and is_russian_linked and list_contains(link_reasons, 'trade')
        ) as trade_calls,
        count(*) filter (where not is_arrival and is_russian_linked) as in_port_calls
    from call
    group by series, week, water
)

select
    week.week,
    week.week_start,
    coast_week.water,
    week.is_open,
    coast_week.weight,
    coast_week.observed_share,
    coast_week.worst_water,
    coast_week.worst_share,
    coalesce(headline.tanker_calls, 0) as tanker_calls,
    coalesce(headline.linked_calls, 0) as linked_calls,
    coalesce(headline.linked_at_call, 0) as linked_at_call,
    coalesce(headline.berth_calls, 0) as berth_calls,
    coalesce(headline.in_port_calls, 0) as in_port_calls,
    -- A kind of evidence not available in the week is null, not zero, however well the coast was heard.
    case when headline.listed_calls > 0 or evidence_at_hand.has_listed
        then coalesce(headline.listed_calls, 0)
    end as listed_calls,
    case when headline.flag_calls > 0 or evidence_at_hand.has_flag
        then coalesce(headline.flag_calls, 0)
    end as flag_calls,
    case when headline.owner_calls > 0 or evidence_at_hand.has_owner
        then coalesce(headline.owner_calls, 0)
    end as owner_calls,
    case
        when
            headline.trade_calls > 0
            or case
                when series.cargo = 'tanker' then evidence_at_hand.has_trade
                else evidence_at_hand.has_dry_cargo_trade
            end
            then coalesce(headline.trade_calls, 0)
    end as trade_calls,
    -- A count above zero is always reported; a zero only where 0.3 of the hours were heard, for the
    -- coast in each of its waters, and no ship of unknown type can have been one that counts.
    coalesce(coast_week.worst_share, 0) >= rule('least_share')::float
    and coalesce(untyped.linked_calls, 0) = 0 as is_zero_reported,
    is_zero_reported and untyped.calls is null as is_tanker_zero_reported,
    coalesce(untyped.linked_calls, 0) as untyped_linked_calls,
    case
        when week.is_open then 'open'
        when coalesce(headline.linked_calls, 0) = 0 and not is_zero_reported then 'unobserved'
        when
            coast_week.worst_share >= rule('whole_share')::float
            and coalesce(untyped.linked_calls, 0) = 0
            then 'complete'
        else 'partial'
    end as state,
    coast_week.series
from week
inner join coast_week on week.week = coast_week.week
inner join series on coast_week.series = series.series
inner join evidence_at_hand on week.week = evidence_at_hand.week
left join headline
    on
        coast_week.series = headline.series
        and coast_week.week = headline.week
        and coast_week.water is not distinct from headline.water
left join untyped_week as untyped
    on
        coast_week.series = untyped.series
        and coast_week.week = untyped.week
        and coast_week.water is not distinct from untyped.water
order by coast_week.series, week.week, coast_week.water nulls first

-- Zeros where too few hours were heard (rule least_share), and nulls where enough were heard for a zero.
-- Grain: one count at fault.
with weekly as (
    select
        week,
        port_id,
        link_tier,
        observed_share,
        unnest([
            {'measure': 'port_calls', 'calls': port_calls},
            {'measure': 'berth_calls', 'calls': berth_calls},
            {'measure': 'vessels', 'calls': vessels}
        ], recursive := true),
        -- Null where a linked ship of unknown type called.
        (series, week, port_id, link_tier) in (
            select (series, week, port_id, link_tier) from untyped_call
        ) as may_lack
    from weekly_port_calls
),

typed as (
    select
        *,
        (series, week) in (select (series, week) from untyped_call) as has_untyped,
        (series, week) in (select (series, week) from untyped_call where is_russian_linked)
            as has_untyped_link
    from barometer
),

series as (
    select
        week,
        null as port_id,
        null as link_tier,
        -- A zero of the coast is one of each of its waters.
        worst_share as observed_share,
        -- A reason's count is null in weeks in which nothing gives that evidence.
        unnest([
            {
                'measure': 'russian_linked_tanker_calls',
                'calls': russian_linked_tanker_calls,
                'may_lack': has_untyped_link
            },
            {
                'measure': 'russian_linked_berth_calls',
                'calls': russian_linked_berth_calls,
                'may_lack': has_untyped_link
            },
            {'measure': 'listed_calls', 'calls': listed_calls, 'may_lack': true},
            {'measure': 'flag_calls', 'calls': flag_calls, 'may_lack': true},
            {'measure': 'owner_calls', 'calls': owner_calls, 'may_lack': true},
            {'measure': 'trade_calls', 'calls': trade_calls, 'may_lack': true},
            {'measure': 'tanker_calls', 'calls': tanker_calls, 'may_lack': has_untyped}
        ], recursive := true)
    from typed
),

reported as (
    select
        'weekly_port_calls' as relation,
        week,
        port_id,
        link_tier,
        observed_share,
        measure,
        calls,
        may_lack
    from weekly
    union all
    select
        'barometer' as relation,
        week,
        port_id,
        link_tier,
        observed_share,
        measure,
        calls,
        may_lack
    from series
)

select
    relation,
    week,
    port_id,
    link_tier,
    measure,
    calls,
    observed_share
from reported
where
    (calls = 0 and coalesce(observed_share, 0) < rule('least_share')::float)
    or (calls is null and observed_share >= rule('least_share')::float and not may_lack)
order by relation, week, port_id, link_tier, measure

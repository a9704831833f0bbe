-- Headlines published by this run: of closed weeks, new or different from the last publication.
-- Grain: one series and week.
with last_published as (
    select
        series,
        week,
        russian_linked_tanker_calls,
        russian_linked_berth_calls,
        tanker_calls,
        listed_calls,
        flag_calls,
        owner_calls,
        trade_calls,
        calls_known_at_call,
        round(observed_share, 3) as observed_share,
        state,
        word
    from published_week_before
    qualify row_number() over (partition by series, week order by publication_id desc) = 1
),

-- The share as printed in the report: a smaller difference is not a restatement, and three decimals
-- survive a round trip through JSON.
current as (
    select
        series,
        week,
        russian_linked_tanker_calls,
        russian_linked_berth_calls,
        tanker_calls,
        listed_calls,
        flag_calls,
        owner_calls,
        trade_calls,
        calls_known_at_call,
        round(observed_share::double, 3) as observed_share,
        state,
        word
    from barometer
    where state <> 'open'
)

select
    coalesce((select max(publication_id) from published_week_before), 0)
    + row_number() over (order by current.week, current.series) as publication_id,
    publishing.run_id,
    publishing.published_at,
    current.week,
    current.russian_linked_tanker_calls,
    current.russian_linked_berth_calls,
    current.tanker_calls,
    current.listed_calls,
    current.flag_calls,
    current.owner_calls,
    current.trade_calls,
    current.calls_known_at_call,
    current.observed_share,
    current.state,
    current.word,
    current.series
from current
cross join publishing
left join last_published as previous
    on current.series = previous.series and current.week = previous.week
where
    previous.week is null
    or current.russian_linked_tanker_calls is distinct from previous.russian_linked_tanker_calls
    or current.russian_linked_berth_calls is distinct from previous.russian_linked_berth_calls
    or current.tanker_calls is distinct from previous.tanker_calls
    or current.listed_calls is distinct from previous.listed_calls
    or current.flag_calls is distinct from previous.flag_calls
    or current.owner_calls is distinct from previous.owner_calls
    or current.trade_calls is distinct from previous.trade_calls
    or current.calls_known_at_call is distinct from previous.calls_known_at_call
    or current.observed_share is distinct from previous.observed_share
    or current.state is distinct from previous.state
    or current.word is distinct from previous.word
order by publication_id

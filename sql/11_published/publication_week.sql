-- What this run publishes: headlines of closed weeks that are new, or differ from what was published last.
-- Grain: one week.
with last_published as (
    select
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
    qualify row_number() over (partition by week order by publication_id desc) = 1
),

-- The share as the report prints it. What nobody could see in a report is no restatement, and a
-- decimal of three places is the same number after a way through JSON.
now as (
    select
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
    + row_number() over (order by now.week) as publication_id,
    publishing.run_id,
    publishing.published_at,
    now.week,
    now.russian_linked_tanker_calls,
    now.russian_linked_berth_calls,
    now.tanker_calls,
    now.listed_calls,
    now.flag_calls,
    now.owner_calls,
    now.trade_calls,
    now.calls_known_at_call,
    now.observed_share,
    now.state,
    now.word
from now
cross join publishing
left join last_published as before on now.week = before.week
where
    before.week is null
    or now.russian_linked_tanker_calls is distinct from before.russian_linked_tanker_calls
    or now.russian_linked_berth_calls is distinct from before.russian_linked_berth_calls
    or now.tanker_calls is distinct from before.tanker_calls
    or now.listed_calls is distinct from before.listed_calls
    or now.flag_calls is distinct from before.flag_calls
    or now.owner_calls is distinct from before.owner_calls
    or now.trade_calls is distinct from before.trade_calls
    or now.calls_known_at_call is distinct from before.calls_known_at_call
    or now.observed_share is distinct from before.observed_share
    or now.state is distinct from before.state
    or now.word is distinct from before.word
order by publication_id

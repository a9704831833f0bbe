-- Every published version of every week of each series.
-- Grain: one publication of one week of a series (series, week, run_id).
-- Key: series, week, run_id.
with version as (
    from published_week_before
    union all by name
    from publication_week
)

select
    week,
    published_at,
    run_id,
    russian_linked_tanker_calls,
    russian_linked_berth_calls,
    tanker_calls,
    listed_calls,
    flag_calls,
    owner_calls,
    trade_calls,
    calls_known_at_call,
    observed_share::float as observed_share,
    state,
    word,
    series
from version
order by series, week, publication_id

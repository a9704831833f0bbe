-- The weeks of each series that earlier runs published.
-- Grain: one publication of one week (publication_id).
with record as (
    select
        unnest(json_transform(record, '{
            "publication_id": "bigint",
            "published_at": "timestamp",
            "run_id": "bigint",
            "week": "varchar",
            "russian_linked_tanker_calls": "bigint",
            "russian_linked_berth_calls": "bigint",
            "tanker_calls": "bigint",
            "listed_calls": "bigint",
            "flag_calls": "bigint",
            "owner_calls": "bigint",
            "trade_calls": "bigint",
            "calls_known_at_call": "bigint",
            "observed_share": "double",
            "state": "varchar",
            "word": "varchar",
            "series": "varchar"
        }'))
    from given
    where kind = 'published_week'
)

select
    publication_id,
    published_at,
    run_id,
    week,
    russian_linked_tanker_calls,
    russian_linked_berth_calls,
    tanker_calls,
    listed_calls,
    flag_calls,
    owner_calls,
    trade_calls,
    calls_known_at_call,
    observed_share,
    state,
    word,
    -- Publications did not name their series while there was one.
    coalesce(series, 'russian_linked_tankers') as series
from record
where publication_id is not null
order by publication_id

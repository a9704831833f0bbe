-- The rows of weekly_port_calls that earlier runs published.
-- Grain: one publication of one week, port and link_tier (publication_id).
with record as (
    select
        unnest(json_transform(record, '{
            "publication_id": "bigint",
            "published_at": "timestamp",
            "run_id": "bigint",
            "week": "varchar",
            "port_id": "varchar",
            "link_tier": "varchar",
            "port_calls": "bigint",
            "state": "varchar",
            "series": "varchar"
        }'))
    from given
    where kind = 'published'
)

select
    publication_id,
    published_at,
    run_id,
    week,
    port_id,
    link_tier,
    port_calls,
    state,
    -- Publications did not name their series while there was one.
    coalesce(series, 'russian_linked_tankers') as series
from record
where publication_id is not null
order by publication_id

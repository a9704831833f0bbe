-- The counted calls that earlier runs published.
-- Grain: one publication of one call (publication_id).
with record as (
    select
        unnest(json_transform(record, '{
            "publication_id": "bigint",
            "published_at": "timestamp",
            "run_id": "bigint",
            "week": "varchar",
            "port_call_id": "varchar",
            "port_id": "varchar",
            "is_counted": "boolean",
            "link_tier": "varchar",
            "area_kind": "varchar",
            "is_headline": "boolean",
            "vessel_name": "varchar",
            "imo": "integer",
            "mmsi": "integer",
            "arrived_at": "timestamp",
            "series": "varchar"
        }'))
    from given
    where kind = 'published_call'
)

select
    publication_id,
    published_at,
    run_id,
    week,
    port_call_id,
    port_id,
    is_counted,
    link_tier,
    area_kind,
    is_headline,
    vessel_name,
    imo,
    mmsi,
    arrived_at,
    -- Publications did not name their series while there was one.
    coalesce(series, 'russian_linked_tankers') as series
from record
where publication_id is not null
order by publication_id

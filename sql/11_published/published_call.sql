-- The tanker calls that were counted when a week was published, each with every change since.
-- Grain: one call and publication that changed what it counts for (port_call_id, run_id).
with version as (
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
        arrived_at
    from published_call_before
    union all
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
        arrived_at
    from publication_call
)

select
    published_at,
    run_id,
    -- Until which run this stood; the next word on the call came with it.
    lead(run_id) over (partition by port_call_id order by publication_id) as until_run_id,
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
    arrived_at
from version
order by week, port_call_id, publication_id

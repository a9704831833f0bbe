-- The calls of each series counted in each published week, with every change since.
-- Grain: one series, call and publication that changed it (series, port_call_id, run_id).
with version as (
    from published_call_before
    union all by name
    from publication_call
)

select
    published_at,
    run_id,
    -- The run that published the next version of the call.
    lead(run_id) over (partition by series, port_call_id order by publication_id) as until_run_id,
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
    series
from version
order by series, week, port_call_id, publication_id

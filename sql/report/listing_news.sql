-- Ships newly listed or delisted under a programme about Russia in the lists imported after the week, with their earlier calls.
-- Grain: one change on a list.
with changed as (
    select distinct imo
    from listing_change
    where week = $week
),

call as (
    select
        changed.imo,
        count(*) as calls,
        max(port_call.arrived_at) as last_arrived_at,
        arg_max(
            port_call.port_name, (port_call.arrived_at, port_call.port_call_id)
        ) as last_port_name
    from changed
    inner join week on week.week = $week
    inner join port_call on changed.imo = port_call.imo and port_call.arrived_at < week.ends_at
    where port_call.confidence >= 2
    group by changed.imo
)

select
    listing_change.change,
    listing_change.vessel_name,
    listing_change.imo,
    listing_change.link_source,
    listing_change.programmes,
    listing_change.link_tier,
    listing_change.listed_on,
    listing_change.published_on,
    listing_change.published_before,
    coalesce(call.calls, 0) as calls,
    call.last_port_name,
    call.last_arrived_at
from listing_change
left join call on listing_change.imo = call.imo
where listing_change.week = $week
order by
    call.last_arrived_at desc nulls last,
    listing_change.change desc,
    listing_change.imo,
    listing_change.version,
    listing_change.register

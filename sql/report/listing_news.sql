-- Ships newly listed or delisted under a programme about Russia in the lists imported after the week, with their earlier calls.
-- Grain: one change on a list.
with call as (
    select
        port_call.imo,
        count(*) as calls,
        max(port_call.arrived_at) as last_arrived_at,
        arg_max(
            port_call.port_name, (port_call.arrived_at, port_call.port_call_id)
        ) as last_port_name
    from port_call
    inner join week on week.week = $week
    where port_call.confidence >= 2 and port_call.arrived_at < week.ends_at
    group by port_call.imo
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

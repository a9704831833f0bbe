-- What this run publishes: calls of closed weeks that are counted anew, otherwise, or no more.
-- Grain: one call (port_call_id).
with last_published as (
    select
        port_call_id,
        week,
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
    qualify row_number() over (partition by port_call_id order by publication_id desc) = 1
),

closed as (
    select week
    from week
    where not is_open
),

now as (
    select
        counted_call.port_call_id,
        counted_call.week,
        counted_call.port_id,
        counted_call.link_tier,
        counted_call.area_kind,
        counted_call.is_headline,
        port_call.vessel_name,
        port_call.imo,
        port_call.mmsi,
        port_call.arrived_at
    from counted_call
    inner join closed on counted_call.week = closed.week
    inner join port_call on counted_call.port_call_id = port_call.port_call_id
    where counted_call.is_arrival
),

changed as (
    select
        now.week,
        now.port_call_id,
        now.port_id,
        true as is_counted,
        now.link_tier,
        now.area_kind,
        now.is_headline,
        now.vessel_name,
        now.imo,
        now.mmsi,
        now.arrived_at
    from now
    left join last_published as before on now.port_call_id = before.port_call_id
    where
        before.is_counted is distinct from true
        or now.link_tier <> before.link_tier
        or now.area_kind <> before.area_kind
        or now.is_headline <> before.is_headline
),

gone as (
    select
        before.week,
        before.port_call_id,
        before.port_id,
        false as is_counted,
        before.link_tier,
        before.area_kind,
        before.is_headline,
        before.vessel_name,
        before.imo,
        before.mmsi,
        before.arrived_at
    from last_published as before
    inner join closed on before.week = closed.week
    anti join now on before.port_call_id = now.port_call_id
    where before.is_counted
),

either as (
    select
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
    from changed
    union all
    select
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
    from gone
)

select
    coalesce((select max(publication_id) from published_call_before), 0)
    + row_number() over (order by either.week, either.port_call_id) as publication_id,
    publishing.run_id,
    publishing.published_at,
    either.week,
    either.port_call_id,
    either.port_id,
    either.is_counted,
    either.link_tier,
    either.area_kind,
    either.is_headline,
    either.vessel_name,
    either.imo,
    either.mmsi,
    either.arrived_at
from either
cross join publishing
order by publication_id

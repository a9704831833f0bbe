-- Calls published by this run: of closed weeks, newly counted, counted differently, or no longer counted.
-- Grain: one series and call (series, port_call_id).
with last_published as (
    select
        series,
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
    qualify row_number() over (partition by series, port_call_id order by publication_id desc) = 1
),

closed as (
    select week
    from week
    where not is_open
),

current as (
    select
        counted_call.series,
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
        current.*,
        true as is_counted
    from current
    left join last_published as previous
        on
            current.series = previous.series
            and current.port_call_id = previous.port_call_id
    where
        previous.is_counted is distinct from true
        or current.link_tier <> previous.link_tier
        or current.area_kind <> previous.area_kind
        or current.is_headline <> previous.is_headline
),

dropped as (
    select previous.* replace (false as is_counted)
    from last_published as previous
    inner join closed on previous.week = closed.week
    anti join current
        on
            previous.series = current.series
            and previous.port_call_id = current.port_call_id
    where previous.is_counted
),

difference as (
    from changed
    union all by name
    from dropped
)

select
    coalesce((select max(publication_id) from published_call_before), 0)
    + row_number() over (
        order by difference.week, difference.port_call_id, difference.series
    ) as publication_id,
    publishing.run_id,
    publishing.published_at,
    difference.week,
    difference.port_call_id,
    difference.port_id,
    difference.is_counted,
    difference.link_tier,
    difference.area_kind,
    difference.is_headline,
    difference.vessel_name,
    difference.imo,
    difference.mmsi,
    difference.arrived_at,
    difference.series
from difference
cross join publishing
order by publication_id

-- A ship's calls at Iranian and Russian ports.
-- Grain: one call. Parameters: $hull_id, $imo.
with transmitter as (
    select distinct track_id
    from vessel
    where hull_id = $hull_id and source = 'AIS'
),

called as (
    select
        port_id,
        area_kind,
        arrived_at,
        departed_at,
        confidence,
        link_tier,
        link_reasons,
        track_id,
        imo,
        port_call_id
    from port_call
    union all
    select
        port_id,
        area_kind,
        arrived_at,
        departed_at,
        confidence,
        null as link_tier,
        null as link_reasons,
        track_id,
        imo,
        port_call_id
    from trade_call
)

select
    called.arrived_at,
    track_call.anchored_at,
    track_call.berthed_at,
    track_call.unberthed_at,
    called.departed_at,
    called.port_id,
    port.name as port_name,
    port.country,
    called.area_kind,
    called.confidence,
    called.link_tier,
    called.link_reasons,
    called.port_call_id
from called
inner join port on called.port_id = port.port_id
inner join track_call on called.port_call_id = track_call.port_call_id
where
    called.imo = $imo
    or (
        called.imo is null
        and $imo is null
        and called.track_id in (select track_id from transmitter)
    )
order by called.arrived_at, called.port_call_id

-- A week's Russian-linked calls of the series beside the headline, as the report's CSV.
-- Grain: one series and counted call that arrived in $week.
-- Key: series, port_call_id.
select
    counted_call.series,
    port_call.week,
    port_call.port_id,
    port_call.port_name,
    port_call.vessel_name,
    port_call.imo,
    port_call.mmsi,
    port_call.flag,
    port_call.area_kind,
    port_call.arrived_at,
    port_call.departed_at,
    port_call.confidence,
    port_call.link_tier,
    port_call.link_reasons,
    port_call.was_known_at_call,
    voyage.last_russian_port,
    voyage.last_russian_at,
    port_call.port_call_id,
    port_call.anchored_at,
    port_call.berthed_at,
    port_call.unberthed_at
from counted_call
inner join port_call on counted_call.port_call_id = port_call.port_call_id
inner join call_voyage as voyage
    on
        counted_call.series = voyage.series
        and counted_call.port_call_id = voyage.port_call_id
where
    counted_call.series <> getvariable('series')
    and counted_call.week = $week
    and counted_call.is_headline
    and counted_call.is_russian_linked
order by counted_call.series, port_call.arrived_at, port_call.port_call_id

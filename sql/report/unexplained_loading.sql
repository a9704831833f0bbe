-- A week's possible loadings that no heard call explains, which are not counted, with the reasons for each.
-- Grain: one silence of a tanker that ended in $week (loading_id).
-- Key: loading_id.
select
    loading.week,
    loading.port_id,
    port.name as port_name,
    port.water,
    loading.vessel_name,
    loading.imo,
    loading.mmsi,
    loading.silent_from,
    loading.silent_to,
    round(loading.hours::double) as hours,
    round(loading.draught_before_m::double, 1) as draught_before_m,
    round(loading.draught_after_m::double, 1) as draught_after_m,
    round(loading.from_lon, 3) as from_lon,
    round(loading.from_lat, 3) as from_lat,
    round(loading.to_lon, 3) as to_lon,
    round(loading.to_lat, 3) as to_lat,
    loading.foreign_ports,
    loading.reasons,
    loading.loading_id
from unexplained_loading as loading
inner join port on loading.port_id = port.port_id
-- While the positions of the ship were false: a row of its own (report/possible_spoofed_call).
left join possible_spoofed_call as spoofed
    on
        loading.hull_id = spoofed.hull_id
        and loading.silent_from < spoofed.spoofed_to
        and loading.silent_to > spoofed.spoofed_from
where loading.week = $week and spoofed.hull_id is null
order by loading.silent_from, loading.loading_id

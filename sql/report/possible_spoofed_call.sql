-- A week's possible calls under false positions, which are not counted, with the reasons for each.
-- Grain: one time of false positions of a tanker that ended in $week (spoofed_call_id).
-- Key: spoofed_call_id.
select
    spoofed.week,
    spoofed.port_id,
    port.name as port_name,
    port.water,
    spoofed.vessel_name,
    spoofed.imo,
    spoofed.mmsi,
    spoofed.spoofed_from,
    spoofed.spoofed_to,
    round(spoofed.hours::double) as hours,
    spoofed.kinds,
    round(spoofed.draught_before_m::double, 1) as draught_before_m,
    round(spoofed.draught_after_m::double, 1) as draught_after_m,
    round(spoofed.shown_lon, 3) as shown_lon,
    round(spoofed.shown_lat, 3) as shown_lat,
    spoofed.foreign_ports,
    spoofed.reasons,
    spoofed.spoofed_call_id
from possible_spoofed_call as spoofed
inner join port on spoofed.port_id = port.port_id
where spoofed.week = $week
order by spoofed.spoofed_from, spoofed.spoofed_call_id

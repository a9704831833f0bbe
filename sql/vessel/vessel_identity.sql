-- The descriptions of a ship over time, from AIS and registers.
-- Grain: one description. Parameter: $hull_id.
select
    valid_from,
    valid_to,
    mmsi,
    flag,
    vessel_name,
    call_sign,
    length_m,
    beam_m,
    imo_by,
    source
from vessel
where hull_id = $hull_id
order by source <> 'AIS', valid_from, mmsi, vessel_name, call_sign

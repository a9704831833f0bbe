-- The ships that ever came near a port, and whether their calls may change without a fix of theirs.
-- Grain: one transmitter (mmsi). Inputs: found_ship, from flows/derive/calls.
select
    mmsi,
    fixes,
    depends_on_reception
from found_ship
order by mmsi

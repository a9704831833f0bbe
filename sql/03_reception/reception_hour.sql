-- The hours in which a port was heard by any source, interference aside.
-- Grain: one port and hour.
select distinct
    port_id,
    hour
from source_hour

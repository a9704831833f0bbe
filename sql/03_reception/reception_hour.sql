-- The hours in which a port was listened to, by whatever source.
-- Grain: one port and hour.
select distinct
    port_id,
    hour
from source_hour
order by port_id, hour

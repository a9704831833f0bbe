-- What the relations of this folder hold, by relation and column, with units.
-- Grain: one relation or column.

comment on table heard_slot is 'Reception in the surroundings of each port (60 km), by source, a quarter of a day at a time. One row a port, source and slot that was heard or lies next to one.';
comment on column heard_slot.port_id is 'The port.';
comment on column heard_slot.source is 'The source of the fixes.';
comment on column heard_slot.slot_at is 'Begin of the slot of 6 hours, UTC.';
comment on column heard_slot.fixes is 'Fixes of all ships in the surroundings in the slot.';
comment on column heard_slot.vessels is 'Transmitters (MMSIs) heard in the surroundings in the slot.';
comment on column heard_slot.hour_bits is 'The hours of the slot with a fix: bit 0 for the first, to bit 5.';
comment on column heard_slot.vessels_around is 'The most of vessels in the slot and in those on either side: what an hour of it is judged by.';
comment on column heard_slot.usual_vessels is 'Median of vessels_around at this hour of the day, 14 days to either side.';
comment on column heard_slot.is_suspect is 'Whether far fewer ships were heard than usual: under a fifth of a usual number of 5 or more. Such a slot is not heard.';

comment on table heard_hour is 'The hours in which a source gave a fix of any ship in the surroundings of a port (60 km). One row a port, source and hour with a fix.';
comment on column heard_hour.port_id is 'The port.';
comment on column heard_hour.source is 'The source of the fix.';
comment on column heard_hour.hour is 'Begin of the hour, UTC.';

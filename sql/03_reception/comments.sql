-- Comments on the relations of this folder and their columns, with units and the meaning of null.
-- Grain: one relation or column.

comment on table heard_slot is 'Reception in the surroundings of each port ({{ surroundings_km }} km) by source, in slots of 6 hours. One row per port, source and slot with a fix, next to one, or with an hour within {{ heard_within_h }} hours of a fix.';
comment on column heard_slot.port_id is 'The port.';
comment on column heard_slot.source is 'The source of the fixes.';
comment on column heard_slot.slot_at is 'Start of the slot of 6 hours, UTC.';
comment on column heard_slot.fixes is 'Fixes of all ships in the surroundings in the slot.';
comment on column heard_slot.vessels is 'Transmitters (MMSIs) heard in the surroundings in the slot.';
comment on column heard_slot.hour_bits is 'The hours of the slot with a fix: bit 0 is the first hour, bit 5 the last.';
comment on column heard_slot.vessels_around is 'Highest value of vessels among the slot and its two neighbours: the number used to judge reception in the slot.';
comment on column heard_slot.usual_vessels is 'Median of vessels_around at this hour of the day within {{ usual_reception_days }} days before and after.';
comment on column heard_slot.is_suspect is 'Whether far fewer ships were heard than usual: less than a fifth of a usual number of 5 or more. Such a slot does not count as heard.';
comment on column heard_slot.heard_bits is 'The hours of the slot that count as heard by the source, as in hour_bits: a fix of any ship within {{ heard_within_h }} hours, the slot not suspect, the hour over. Interference is not taken off, as in observed_slot.';

comment on view heard_hour is 'The hours in which a source gave a fix of any ship in the surroundings of a port ({{ surroundings_km }} km). One row per port, source and hour with a fix.';
comment on column heard_hour.port_id is 'The port.';
comment on column heard_hour.source is 'The source of the fix.';
comment on column heard_hour.hour is 'Start of the hour, UTC.';

-- Comments on the relations of this folder and their columns, with units and the meaning of null.
-- Grain: one relation or column.

comment on table jammed_slot is 'Slots of 6 hours with interference around a port: none of the ships shown there was really there, or three or more, and at least half of all, were not. One row per port and slot.';
comment on column jammed_slot.port_id is 'The port.';
comment on column jammed_slot.slot_at is 'Start of the slot of 6 hours, UTC.';
comment on column jammed_slot.displaced_vessels is 'Transmitters (MMSIs) with an implausible fix in the surroundings.';
comment on column jammed_slot.vessels is 'Transmitters (MMSIs) shown in the surroundings, displaced ones included.';

comment on table observed_slot is 'The hours that count as heard at a port, in slots of 6 hours. One row per port and slot with such an hour; observed_hour has a row for each.';
comment on column observed_slot.port_id is 'The port.';
comment on column observed_slot.slot_at is 'Start of the slot of 6 hours, UTC.';
comment on column observed_slot.hour_bits is 'The hours of the slot that count as heard: bit 0 is the first hour, bit 5 the last.';

comment on view observed_hour is 'The hours that count as heard at a port: within {{ heard_within_h }} hours a source gave a fix of any ship in the surroundings ({{ surroundings_km }} km), the source did not hear far fewer ships than usual, and interference did not displace about half of them. One row per port and hour.';
comment on column observed_hour.port_id is 'The port.';
comment on column observed_hour.hour is 'Start of the hour, UTC.';

comment on table coverage is 'Reception around each port ({{ surroundings_km }} km) by day: it measures reception, not calls. One row per port and UTC day, days without a fix included.';
comment on column coverage.port_id is 'The port.';
comment on column coverage.day is 'The day, UTC.';
comment on column coverage.observed_hours is 'Hours of the day that count as heard, 0 to 24 (relation observed_hour).';
comment on column coverage.fixes is 'Fixes of all ships in the surroundings on that day.';
comment on column coverage.vessels is 'Transmitters (MMSIs) heard in the surroundings on that day.';
comment on column coverage.state is 'complete: at least {{ whole_share }} of the day''s 24 hours heard; partial: fewer; unobserved: none.';

comment on table port_week is 'Share of each week that was heard at each port. One row per week and port.';
comment on column port_week.week is 'ISO week, in UTC.';
comment on column port_week.week_start is 'Monday of the week.';
comment on column port_week.is_open is 'Whether the week is not over, or its input is not complete.';
comment on column port_week.port_id is 'The port.';
comment on column port_week.usual_tanker_calls is 'Usual number of tanker calls a year, the port''s weight in series of tankers. Null: unknown; the port has no weight there.';
comment on column port_week.observed_share is 'Share of the week''s hours that were heard, 0 to 1; for an unfinished week, of the hours elapsed. Null: no hour has elapsed.';

comment on table port_reception is 'Which source heard which Iranian port. One row per week, port and source with positions in the lake, those that heard nothing included.';
comment on column port_reception.week is 'ISO week, in UTC.';
comment on column port_reception.week_start is 'Monday of the week.';
comment on column port_reception.port_id is 'The port.';
comment on column port_reception.source is 'The source; key of source_terms.';
comment on column port_reception.heard_hours is 'Hours of the week that the source heard the port, 0 to 168: a fix of any ship in the surroundings ({{ surroundings_km }} km) within {{ heard_within_h }} hours, and not far fewer ships than usual. Interference is not taken off, as in observed_hour.';
comment on column port_reception.heard_share is 'heard_hours over the hours of the week, for an unfinished week over those elapsed, 0 to 1. Null: no hour has elapsed.';
comment on column port_reception.last_hour is 'Start of the last hour of the week with a fix of any ship in the surroundings, UTC. Null: none.';

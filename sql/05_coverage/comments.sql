-- What the relations of this folder hold, by relation and column, with units.
-- Grain: one relation or column.

comment on table jammed_slot is 'Quarters of a day in which of the ships shown around a port none was there, or three and more, and half of all, were not: interference. One row a port and slot of 6 hours.';
comment on column jammed_slot.port_id is 'The port.';
comment on column jammed_slot.slot_at is 'Begin of the slot of 6 hours, UTC.';
comment on column jammed_slot.displaced_vessels is 'Transmitters (MMSIs) with an implausible fix in the surroundings.';
comment on column jammed_slot.vessels is 'Transmitters (MMSIs) shown in the surroundings, these included.';

comment on table observed_hour is 'The hours that count as heard at a port: within 6 hours of them a source gave a fix of any ship in the surroundings (60 km), it heard not far fewer ships than usual, and interference did not throw about half of them. One row a port and hour.';
comment on column observed_hour.port_id is 'The port.';
comment on column observed_hour.hour is 'Begin of the hour, UTC.';

comment on table coverage is 'What the receivers heard around each port (60 km), day by day: it measures reception, not calls. One row a port and UTC day, days without a fix included.';
comment on column coverage.port_id is 'The port.';
comment on column coverage.day is 'The day, UTC.';
comment on column coverage.observed_hours is 'Hours of the day that count as heard, 0 to 24 (relation observed_hour).';
comment on column coverage.fixes is 'Fixes of all ships in the surroundings on that day.';
comment on column coverage.vessels is 'Transmitters (MMSIs) heard in the surroundings on that day.';
comment on column coverage.state is 'complete: 0.95 of the day''s 24 hours heard, or more; partial: fewer; unobserved: none.';

comment on table port_week is 'How much of each week was heard at each port. One row a week and port.';
comment on column port_week.week is 'ISO week, in UTC.';
comment on column port_week.week_start is 'Its Monday.';
comment on column port_week.is_open is 'Whether the week is not over, or its files are not all in.';
comment on column port_week.port_id is 'The port.';
comment on column port_week.usual_tanker_calls is 'Usual number of tanker calls a year, the port''s weight. Null: unknown, and the port weighs nothing.';
comment on column port_week.observed_share is 'Share of the week''s hours that were heard, 0 to 1; of an unfinished week, of the hours that have passed. Null: no hour has passed.';

-- Comments on the relations of this folder and their columns, with units and the meaning of null.
-- Grain: one relation or column.

comment on table spoofed_span is 'Times of 12 hours and more in which the positions that a tanker sent were false by her own track: circles that no ship sails, an anchorage too still, a way too uniform, her own old track again, jumps in and out. Of tankers linked to Russia or with a call in Iran. Hours in which other ships were displaced to the same place are interference, and no evidence. A sign of deception or of a faulty receiver; no fix is flagged for it. One row per time of a hull.';
comment on column spoofed_span.hull_id is 'The ship; key of hull.';
comment on column spoofed_span.mmsi is 'The transmitter.';
comment on column spoofed_span.kinds is 'What was found, separated by a comma and a space: circle, contradiction (speed or course sent against the way made), jump (in, and out again), offset (a jump out that undoes the jump in), replay, still, uniform way.';
comment on column spoofed_span.began_at is 'First false fix, UTC.';
comment on column spoofed_span.ended_at is 'Last false fix, UTC.';
comment on column spoofed_span.spoofed_from is 'Last fix before, UTC. Null: it began before the first fix that was read.';
comment on column spoofed_span.spoofed_to is 'First fix after, UTC. Null: it goes on to the last fix that was read.';
comment on column spoofed_span.from_lon is 'Position of the last fix before: longitude, degrees WGS 84. Null as spoofed_from.';
comment on column spoofed_span.from_lat is 'Position of the last fix before: latitude, degrees WGS 84. Null as spoofed_from.';
comment on column spoofed_span.to_lon is 'Position of the first fix after: longitude, degrees WGS 84. Null as spoofed_to.';
comment on column spoofed_span.to_lat is 'Position of the first fix after: latitude, degrees WGS 84. Null as spoofed_to.';
comment on column spoofed_span.shown_lon is 'A position in the middle of the time: longitude, degrees WGS 84.';
comment on column spoofed_span.shown_lat is 'A position in the middle of the time: latitude, degrees WGS 84.';
comment on column spoofed_span.jammed_hours is 'Hours of it in which two and more other ships were displaced to within some 50 km of the place shown.';
comment on column spoofed_span.reasons is 'What each detector measured, as text, separated by a semicolon and a space.';

comment on table possible_spoofed_call is 'Tankers, linked to Russia or with a call in Iran, whose positions were false (spoofed_span) while they had time for an Iranian terminal, and that came back deeper or lighter by a fifth of their design draught without a heard call: a call is not proved, and none is counted. One row per span (spoofed_call_id).';
comment on column possible_spoofed_call.spoofed_call_id is 'Hash of hull and spoofed_from.';
comment on column possible_spoofed_call.week is 'ISO week of spoofed_to, in UTC.';
comment on column possible_spoofed_call.hull_id is 'The ship; key of hull.';
comment on column possible_spoofed_call.mmsi is 'The transmitter.';
comment on column possible_spoofed_call.imo is 'IMO number of the hull. Null: not known.';
comment on column possible_spoofed_call.vessel_name is 'The name heard last. Null: none.';
comment on column possible_spoofed_call.spoofed_from is 'Last fix before the false ones, UTC.';
comment on column possible_spoofed_call.spoofed_to is 'First fix after the false ones, UTC.';
comment on column possible_spoofed_call.hours is 'From spoofed_from to spoofed_to, hours.';
comment on column possible_spoofed_call.kinds is 'What was found in the positions: as in spoofed_span.kinds.';
comment on column possible_spoofed_call.draught_before_m is 'Credible draught in force at spoofed_from, metres.';
comment on column possible_spoofed_call.draught_after_m is 'Credible draught set last up to two days after spoofed_to, metres.';
comment on column possible_spoofed_call.from_lon is 'Position of the last fix before: longitude, degrees WGS 84.';
comment on column possible_spoofed_call.from_lat is 'Position of the last fix before: latitude, degrees WGS 84.';
comment on column possible_spoofed_call.to_lon is 'Position of the first fix after: longitude, degrees WGS 84.';
comment on column possible_spoofed_call.to_lat is 'Position of the first fix after: latitude, degrees WGS 84.';
comment on column possible_spoofed_call.shown_lon is 'A false position, in the middle of the time: longitude, degrees WGS 84.';
comment on column possible_spoofed_call.shown_lat is 'A false position, in the middle of the time: latitude, degrees WGS 84.';
comment on column possible_spoofed_call.port_id is 'The likeliest terminal within reach; key of port.';
comment on column possible_spoofed_call.terminals is 'The terminals within reach that load, for a ship that came deeper, or that discharge, likeliest first: port_id; likelihood among them, which add up to 1, by their usual calls; heard_share, the share of the hours heard there.';
comment on column possible_spoofed_call.foreign_ports is 'Ports of other countries of the region within reach too (foreign_port): the cargo may be theirs.';
comment on column possible_spoofed_call.reasons is 'Reasons for and against a call in Iran, as text, separated by a semicolon and a space.';

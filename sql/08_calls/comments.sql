-- What the relations of this folder hold, by relation and column, with units.
-- Grain: one relation or column.

comment on table port_call is 'Every stay of a ship of any type at an Iranian port, with who she is and what links her to Russia. One row a ship at a port, from arrival to departure. Counts take is_tanker and confidence 2 and up.';
comment on column port_call.port_call_id is 'Hash of track, port and arrival.';
comment on column port_call.track_id is 'The track that called, as in track_call: the MMSI until two hulls that share it are told apart.';
comment on column port_call.mmsi is 'MMSI of the transmitter.';
comment on column port_call.imo is 'IMO number of the hull, as the track''s description on arrival has it (vessel), else the one nearest in time. Null: none that holds.';
comment on column port_call.claimed_imo is 'The IMO number that the ship sent, or that was carried, whether it holds or not (vessel_conflict). Null: none.';
comment on column port_call.vessel_name is 'Name in that description: of the day of arrival, else of the day nearest in time. Null: none sent.';
comment on column port_call.flag is 'Flag by the first three digits of the MMSI (mid), ISO 3166-1 alpha-2. Null: digits that are given to nobody.';
comment on column port_call.port_id is 'The port.';
comment on column port_call.area_kind is 'berth: she lay in a berth; anchorage: she only stopped elsewhere inside the limit.';
comment on column port_call.arrived_after is 'The credible fix just before arrived_at, UTC, where it lies outside the limit that arrived_at is inside of: she arrived after it. Where the call began in roads that several ports share it may lie in this port''s own limit. Null: no fix before, or it is inside too, as after a silence that ended the call before.';
comment on column port_call.arrived_at is 'First credible fix of the stay inside the port limit, UTC; of a ship that waited in roads which several ports share and berthed here next, the first inside the roads'' limit. Where is_arrival is false the ship may have come long before.';
comment on column port_call.berthed_at is 'First credible fix that shows her lying in a berth, UTC: one that she only passes is none. Null: an anchorage call.';
comment on column port_call.departed_at is 'Last credible fix of the stay inside the port limit, or inside that of shared roads where she waited after the berth, UTC. Null: in port at the end of the data.';
comment on column port_call.departed_by is 'The credible fix just after departed_at, UTC, where it lies outside the limit that departed_at is inside of, and the departure was not seen (the two over 6 hours apart, or this one in dispute): she had left by then. It may lie inside another port''s limit, such as that of roads that both share. Null: the departure was seen, she is in port, or the next fix is inside too or missing.';
comment on column port_call.fixes is 'Credible fixes during the call inside the limit, or inside that of shared roads whose stop is part of it. Those of a way out and back within 12 hours are left out.';
comment on column port_call.longest_gap_h is 'Longest silence between two credible fixes of the call, hours; 0 for a single fix.';
comment on column port_call.draught_in_m is 'Draught as last sent up to the arrival, else first in port, metres. Null: none sent within a week of the call.';
comment on column port_call.draught_out_m is 'Draught as first sent after the departure, else last in port, metres. Null: in port, or none sent within a week of the call.';
comment on column port_call.confidence is '4: arrival, stop and departure seen; 3: stop and one of them; 2: stop only, which a single still fix in a berth is where the fixes before and after leave time for it. One less, down to 2, where more fixes about the call are implausible than credible, and one less, down to 1, in an interference event before or after which the ship was seen within 20 km outside. 1: contested, by fixes in dispute, as another single fix, in an interference event, or as a stay in a berth that was sent in turns with another place; not counted. Seen: at most 6 hours between the fixes inside and outside.';
comment on column port_call.is_tanker is 'Whether the ship is a tanker that counts, as hull.is_tanker. Null: nothing gives a type, and the call is not counted.';
comment on column port_call.tanker_kind is 'crude, product, chemical or gas, by the registers. Null: no tanker, or not known.';
comment on column port_call.is_russian_linked is 'Whether strong or moderate evidence, as known today, links the ship to Russia at this call.';
comment on column port_call.link_tier is 'Strength of the best evidence: strong, moderate, weak, or none.';
comment on column port_call.link_reasons is 'Kinds of evidence, in alphabetical order and parted by a comma and a space; those of weak evidence only where there is none that counts. Null: no evidence.';
comment on column port_call.is_iran_listed is 'Whether a programme about Iran lists the ship too, and still did when it arrived. Null: the ship tells no hull, or no such list is at hand.';
comment on column port_call.was_known_at_call is 'Whether any of the strong or moderate evidence was there when the ship arrived. Null: the call is not Russian-linked.';
comment on column port_call.week is 'ISO week of arrived_at, in UTC, such as 2026-W16.';
comment on column port_call.hull_id is 'The ship that called; key of hull. Never null.';
comment on column port_call.port_name is 'Name of the port.';
comment on column port_call.arrived_on is 'Day of arrived_at, in UTC.';
comment on column port_call.is_arrival is 'Whether the arrival could be heard. False: the ship may have lain in port when reception of it began, at the start of the data, with a new source, or after an outage; no arrival of that week is counted.';

comment on table joined_call is 'Which calls of several transmitters are one call of one ship: of one hull by its IMO number, at once or one after the other as one MMSI''s stay would be one call; of two transmitters that kept company on the way in and out, whatever numbers they send; of an MMSI that was changed in port. One row a call in Iran.';
comment on column joined_call.port_call_id is 'The call; key of port_call.';
comment on column joined_call.joined_id is 'The lowest port_call_id of those that are one call of one ship; its own where it stands alone. Calls of one MMSI that share it stay apart.';
comment on column joined_call.ended_at is 'Departure, or where the ship is in port still the last time that its track was heard, UTC.';

comment on table counted_call is 'The calls that counts take: of tankers, with confidence 2 and up, linked to Russia or not. Of calls that are one (joined_call) those of one MMSI are counted, first of the one with a berth call; port_call has all. One row a call.';
comment on column counted_call.port_call_id is 'The call; key of port_call.';
comment on column counted_call.week is 'ISO week of arrival, in UTC.';
comment on column counted_call.port_id is 'The port.';
comment on column counted_call.water is 'The water of the port.';
comment on column counted_call.area_kind is 'berth or anchorage.';
comment on column counted_call.link_tier is 'Strength of the best evidence: strong, moderate, weak, or none.';
comment on column counted_call.link_reasons is 'Kinds of evidence, as in port_call. Null: no evidence.';
comment on column counted_call.is_russian_linked is 'Whether the evidence is strong or moderate.';
comment on column counted_call.was_known_at_call is 'Whether any of the strong or moderate evidence was there when the ship arrived, as in port_call. Null: the call is not Russian-linked.';
comment on column counted_call.hull_id is 'The ship; key of hull. Never null: counting distinct values counts each ship once.';
comment on column counted_call.is_headline is 'Whether the series barometer counts the call: all arrivals but an anchorage call within 10 days of the ship''s berth call in the same water, which is part of that voyage.';
comment on column counted_call.port_name is 'Name of the port.';
comment on column counted_call.is_arrival is 'Whether the arrival could be heard, as in port_call; of a hull under two MMSIs, under the one that it was heard under first. False: in no count but in_port_calls.';

comment on table call_cargo is 'Which way each counted call moved oil, how large the ship is and how much that may have been: estimates, from draughts that crews set by hand and from what a terminal is for. One row a call.';
comment on column call_cargo.port_call_id is 'The call; key of counted_call.';
comment on column call_cargo.direction is 'loading, discharging or unknown. By the draught where it changed by a fifth and more, and plausibly; else by what the terminal is for.';
comment on column call_cargo.direction_by is 'draught, terminal, or both of one mind: draught; terminal. Null: unknown.';
comment on column call_cargo.draught_change_m is 'Draught after less draught before the call, metres; 0 is often one that the crew did not set anew. Null: in port, not sent, or not plausible for the ship.';
comment on column call_cargo.deadweight_t is 'Deadweight, tonnes: what the ship can carry, not what it did. Null: no register has it and its size is absent, implausible, or of a kind that the estimate does not fit (river ships, gas carriers).';
comment on column call_cargo.deadweight_by is 'register, or estimate: from length and beam, within a sixth for ships of common form. Null: no deadweight.';
comment on column call_cargo.moved_t is 'ESTIMATE of the tonnes moved: draught change by waterplane area, at most the deadweight. Ballast water goes the other way, so that the oil is more, for a full cargo by about half. Null: the draught tells no direction, or the size is unknown.';
comment on column call_cargo.terminal_trade is 'What tankers do at the port''s berths: loading, discharging or both (data/ports/terminal_trade.csv, with its sources). Null: an anchorage call.';

comment on table call_voyage is 'Where each counted call stands among the ship''s calls in Iran and Russia. One row a call.';
comment on column call_voyage.port_call_id is 'The call; key of counted_call.';
comment on column call_voyage.is_first_call is 'Whether no earlier counted call of the hull or track at any Iranian port is in the lake. Null: none is, and fewer than 13 weeks before were heard.';
comment on column call_voyage.last_russian_port is 'The last Russian oil port at which the hull called before, confidence 2 and up; the Caspian Pipeline terminal with its Kazakh oil is one. Null: none heard.';
comment on column call_voyage.last_russian_at is 'When it was last heard in it, UTC. Null: none heard.';
comment on column call_voyage.next_russian_port is 'The first Russian oil port at which the hull called after. Null: none heard.';
comment on column call_voyage.next_russian_at is 'When it arrived there, UTC. Null: none heard.';
comment on column call_voyage.heard_weeks_before is 'Weeks before that of the call in which 0.3 and more of the hours of the port''s water were heard.';

-- Comments on the relations of this folder and their columns, with units and the meaning of null.
-- Grain: one relation or column.

comment on table port_call is 'Every stay of a ship of any type at an Iranian port, with the ship''s identity and its link to Russia. One row per ship and stay, arrival to departure. Counts use rows with is_tanker and confidence 2 or more.';
comment on column port_call.port_call_id is 'Hash of track, port and arrival.';
comment on column port_call.track_id is 'The track of the call, as in track_call: the MMSI, unless two hulls share it.';
comment on column port_call.mmsi is 'MMSI of the transmitter.';
comment on column port_call.imo is 'IMO number of the hull, from the track''s description at arrival (vessel), else from the description nearest in time. Null: none that is accepted.';
comment on column port_call.claimed_imo is 'The IMO number that the ship transmitted, or that was carried over from its other messages, accepted or not (vessel_conflict). Null: none.';
comment on column port_call.vessel_name is 'Name in the same description: of the day of arrival, else of the nearest day. Null: none transmitted.';
comment on column port_call.flag is 'Flag by the first three digits of the MMSI (mid), ISO 3166-1 alpha-2. Null: digits not allocated to a country.';
comment on column port_call.port_id is 'The port.';
comment on column port_call.area_kind is 'berth: the ship lay in a berth; anchorage: it only stopped elsewhere inside the limit.';
comment on column port_call.arrived_after is 'The last credible fix before arrived_at, UTC, where it is outside the limit that arrived_at is inside of: the ship arrived after it. Where the call began in roads shared by several ports it may be inside this port''s own limit. Null: no fix before, or it is inside too, as after a silence that ended the previous call.';
comment on column port_call.arrived_at is 'First credible fix of the stay inside the port limit, UTC, of a source with a time step (source_terms) the end of its step, by when the ship had arrived; for a ship that waited in roads shared by several ports and berthed here next, the first inside the limit of the roads. Where is_arrival is false the ship may have arrived long before.';
comment on column port_call.berthed_at is 'First credible fix that shows the ship lying in a berth, UTC, or the end of its time step; a fix in passing does not count. Null: an anchorage call.';
comment on column port_call.departed_at is 'Last credible fix of the stay inside the port limit, or inside that of shared roads where the ship waited after the berth, UTC. Null: in port at the end of the data.';
comment on column port_call.departed_by is 'The first credible fix after departed_at, UTC, or the end of its time step, where it is outside the limit that departed_at is inside of and the departure was not seen (more than 6 hours between the two fixes, or this one is disputed): the ship had left by then. It may be inside another port''s limit, such as that of roads shared by both. Null: the departure was seen, the ship is in port, or the next fix is inside too or missing.';
comment on column port_call.fixes is 'Credible fixes during the call inside the limit, or inside that of shared roads where a stop is part of the call. Fixes outside, during an absence of at most 12 hours, are not counted.';
comment on column port_call.longest_gap_h is 'Longest silence between two credible fixes of the call, hours, less the time step of the first; 0 for a single fix.';
comment on column port_call.draught_in_m is 'Last draught transmitted up to the arrival, else the first in port, metres. Null: none transmitted within a week of the call.';
comment on column port_call.draught_out_m is 'First draught transmitted after the departure, else the last in port, metres. Null: in port, or none transmitted within a week of the call.';
comment on column port_call.confidence is '4: arrival, stop and departure seen; 3: the stop and one of them; 2: the stop only, including a single stationary fix in a berth if the fixes before and after leave time for it. One lower, but not below 2, where more fixes around the call are implausible than credible, and one lower, but not below 1, during an interference event if the ship was seen within 20 km outside before or after. 1: contested, not counted: disputed fixes, any other single fix, an interference event, or a stay in a berth while positions alternated with another place. Seen: at most 6 hours between the fixes inside and outside.';
comment on column port_call.is_tanker is 'Whether the ship is a tanker that counts, as hull.is_tanker. Null: type unknown; the call is not counted.';
comment on column port_call.tanker_kind is 'crude, product, chemical or gas, by the registers. Null: not a tanker, or unknown.';
comment on column port_call.is_russian_linked is 'Whether strong or moderate evidence, as known today, links the ship to Russia at this call.';
comment on column port_call.link_tier is 'Strength of the best evidence: strong, moderate, weak, or none.';
comment on column port_call.link_reasons is 'Kinds of evidence, in alphabetical order, separated by a comma and a space; kinds of weak evidence only where there is no strong or moderate evidence. Null: no evidence.';
comment on column port_call.is_iran_listed is 'Whether the ship was listed under a programme concerning Iran that was in force at arrival or later. Null: the ship has no IMO number, or no such list is available.';
comment on column port_call.was_known_at_call is 'Whether any of the strong or moderate evidence was public when the ship arrived. Null: the call is not Russian-linked.';
comment on column port_call.week is 'ISO week of arrived_at, in UTC, such as 2026-W16.';
comment on column port_call.hull_id is 'The ship that called; key of hull. Never null.';
comment on column port_call.port_name is 'Name of the port.';
comment on column port_call.arrived_on is 'Day of arrived_at, in UTC.';
comment on column port_call.is_arrival is 'Whether the arrival could be heard. False: the ship may have been in port when reception of the port began (at the start of the data, with a new source, or after an outage); not counted as an arrival of that week.';

comment on table joined_call is 'Groups of calls of several transmitters that are one call of one ship: transmitters with the same IMO number, at the same time or in sequence; two transmitters that moved together on the way in and out, whatever numbers they transmit; an MMSI changed in port. One row per call in Iran.';
comment on column joined_call.port_call_id is 'The call; key of port_call.';
comment on column joined_call.joined_id is 'The lowest port_call_id of the group; the call''s own if it is in no group. Several calls of one MMSI in a group remain separate calls.';
comment on column joined_call.ended_at is 'Departure; for a ship still in port, the last time that its track was heard, UTC.';

comment on table counted_call is 'The calls that are counted: of the ships of each series, with confidence 2 or more, linked to Russia or not. From a group of calls of one ship (joined_call) the calls of one MMSI are counted, preferably one with a berth call; port_call has all. One row per series and call.';
comment on column counted_call.port_call_id is 'The call; key of port_call.';
comment on column counted_call.week is 'ISO week of arrival, in UTC.';
comment on column counted_call.port_id is 'The port.';
comment on column counted_call.water is 'The water of the port.';
comment on column counted_call.area_kind is 'berth or anchorage.';
comment on column counted_call.link_tier is 'Strength of the best evidence: strong, moderate, weak, or none.';
comment on column counted_call.link_reasons is 'Kinds of evidence, as in port_call. Null: no evidence.';
comment on column counted_call.is_russian_linked is 'Whether the evidence is strong or moderate.';
comment on column counted_call.was_known_at_call is 'Whether any of the strong or moderate evidence was public when the ship arrived, as in port_call. Null: the call is not Russian-linked.';
comment on column counted_call.hull_id is 'The ship; key of hull. Never null: count distinct hull_id to count ships.';
comment on column counted_call.is_headline is 'Whether the series barometer counts the call: all arrivals except anchorage calls within 10 days of a berth call of the ship in the same water, which belong to the same voyage.';
comment on column counted_call.port_name is 'Name of the port.';
comment on column counted_call.is_arrival is 'Whether the arrival could be heard, as in port_call; for a hull with two MMSIs, that of the MMSI heard first. False: counted only in in_port_calls.';
comment on column counted_call.series is 'The series; key of series.';

comment on table call_voyage is 'Position of each counted call in the ship''s sequence of calls of the series and in Russia. One row per series and call.';
comment on column call_voyage.port_call_id is 'The call; key of counted_call.';
comment on column call_voyage.is_first_call is 'Whether the lake has no earlier counted call of the hull or track at any Iranian port. Null: it has none, but fewer than 13 earlier weeks were heard.';
comment on column call_voyage.last_russian_port is 'The last Russian oil port where the hull called before, confidence 2 or more; includes the Caspian Pipeline terminal with its Kazakh oil. Null: none heard.';
comment on column call_voyage.last_russian_at is 'Departure from it, or arrival where the departure is unknown, UTC. Null: none heard.';
comment on column call_voyage.next_russian_port is 'The first Russian oil port where the hull called afterwards. Null: none heard.';
comment on column call_voyage.next_russian_at is 'Arrival there, UTC. Null: none heard.';
comment on column call_voyage.heard_weeks_before is 'Weeks before that of the call in which at least 0.3 of the hours of the port''s water were heard.';
comment on column call_voyage.series is 'The series; key of series.';
comment on column call_voyage.last_russian_call_id is 'The call at the last Russian oil port before, by its trade_call.port_call_id. Null: none was heard.';
comment on column call_voyage.next_russian_call_id is 'The call at the next Russian oil port after, by its trade_call.port_call_id. Null: none was heard.';

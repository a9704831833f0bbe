-- What the relations of this folder hold, by relation and column, with units.
-- Grain: one relation or column.

comment on table track_call is 'The port calls as the detector found them on each track, before anything is known of the ship; port_call is what to query. One row a port call (port_call_id).';
comment on column track_call.port_call_id is 'Hash of track, port and arrival.';
comment on column track_call.track_id is 'The track: the MMSI, or k * 1000000000 + MMSI for the k-th further hull on it.';
comment on column track_call.mmsi is 'The transmitter.';
comment on column track_call.port_id is 'The port; key of port.';
comment on column track_call.area_kind is 'berth: the ship lay in a berth; anchorage: it only stopped elsewhere inside the limit.';
comment on column track_call.arrived_after is 'The credible fix just before arrived_at, UTC, where it lies outside the limit that arrived_at is inside of, as in port_call. Null: none, or it is inside too.';
comment on column track_call.arrived_at is 'First credible fix of the stay inside the limit, UTC, as in port_call.';
comment on column track_call.berthed_at is 'First fix that shows the ship lying in a berth, UTC. Null: an anchorage call.';
comment on column track_call.departed_at is 'Last credible fix of the stay inside the limit, UTC, as in port_call. Null: in port at the end of the data.';
comment on column track_call.departed_by is 'The credible fix just after departed_at, UTC, where the departure was not seen, as in port_call. Null: it was seen, the ship is in port, or no such fix.';
comment on column track_call.fixes is 'Credible fixes inside, as in port_call.';
comment on column track_call.longest_gap_h is 'Longest silence between two credible fixes of the call, hours; 0 for a single fix.';
comment on column track_call.outside_m is 'Way between the fix just outside and the one just inside, at arrival or departure, whichever is less, metres. Null: neither was heard.';
comment on column track_call.lon is 'Longitude of the first fix in the berth, else of the first inside, degrees WGS 84.';
comment on column track_call.lat is 'Latitude of the first fix in the berth, else of the first inside, degrees WGS 84.';
comment on column track_call.confidence is 'How sure the call is from its own track, 1 to 4, as in port_call; interference that many ships show is not in it yet.';

comment on table flagged_position is 'The fixes of candidates that are not plainly credible on the first track of their MMSI. One row a fix; position_verdict has the others too.';
comment on column flagged_position.mmsi is 'The transmitter.';
comment on column flagged_position.reported_at is 'When the fix was taken, UTC.';
comment on column flagged_position.lon is 'Longitude, degrees WGS 84.';
comment on column flagged_position.lat is 'Latitude, degrees WGS 84.';
comment on column flagged_position.track_id is 'The track: the MMSI, or k * 1000000000 + MMSI for the k-th further hull on it.';
comment on column flagged_position.verdict is 'credible (of a further hull), disputed (counted, but it lowers the confidence of its call) or implausible (never counted).';
comment on column flagged_position.reason is 'Why, in words.';
comment on column flagged_position.port_id is 'The port whose limit holds the fix. Null: none.';

comment on view position_verdict is 'The verdict on every fix of every ship that ever came near an Iranian port. One row a fix (mmsi, reported_at, lon, lat), the key of position. Ask for few ships or days at a time: it joins the whole lake.';
comment on column position_verdict.mmsi is 'The transmitter.';
comment on column position_verdict.reported_at is 'When the fix was taken, UTC.';
comment on column position_verdict.lon is 'Longitude, degrees WGS 84.';
comment on column position_verdict.lat is 'Latitude, degrees WGS 84.';
comment on column position_verdict.track_id is 'The track: the MMSI, or k * 1000000000 + MMSI for the k-th further hull on it.';
comment on column position_verdict.verdict is 'credible, disputed (counted, but it lowers the confidence of its call) or implausible (never counted).';
comment on column position_verdict.reason is 'Why, in words. Null: plainly credible.';

comment on table interference is 'Where and when many ships were thrown to one place by false positions. One row an event.';
comment on column interference.interference_id is 'Number of the event, from 1 in order of time; a rebuild over other inputs counts anew.';
comment on column interference.place is 'The ports whose limits hold displaced fixes, else the middle in degrees.';
comment on column interference.lon is 'Median longitude of the displaced fixes, degrees WGS 84.';
comment on column interference.lat is 'Median latitude of the displaced fixes, degrees WGS 84.';
comment on column interference.radius_m is 'Radius about the middle that holds 95 % of the displaced fixes, metres.';
comment on column interference.began_at is 'First displaced fix, UTC.';
comment on column interference.ended_at is 'Last displaced fix, UTC.';
comment on column interference.ships is 'Ships thrown there, by MMSI; at least three.';
comment on column interference.displaced_fixes is 'Fixes thrown there.';
comment on column interference.evidence is 'jumps: several ships made a way there that no ship can make. crowd: more ships were there within a day than chance brings, none of them seen near by; each might be true alone.';

comment on table candidate_ship is 'Bookkeeping of the detector: the ships that ever came near a port. One row a transmitter (mmsi).';
comment on column candidate_ship.mmsi is 'The transmitter.';
comment on column candidate_ship.fixes is 'Its fixes in the lake, anywhere.';
comment on column candidate_ship.depends_on_reception is 'Whether its calls may change without a fix of its own: it lay in port when last heard, or was silent there for over a week.';

comment on table worked_part is 'Bookkeeping of the detector: the parts of the lake that the calls were found in. One row a Parquet file.';
comment on column worked_part.part_hash is 'blake2b-256 of the file, as in the manifest.';

comment on table call_interference is 'The calls that an interference event covers for at least half of their time, at a port into whose limit it threw ships: port_call has them one step less sure, or contested. One row a call and event.';
comment on column call_interference.port_call_id is 'The call; key of port_call.';
comment on column call_interference.interference_id is 'The event; key of interference.';
comment on column call_interference.is_seen_near is 'Whether the ship was heard within 20 km outside the limit before or after. If not, the call is contested (confidence 1).';

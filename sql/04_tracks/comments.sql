-- Comments on the relations of this folder and their columns, with units and the meaning of null.
-- Grain: one relation or column.

comment on table track_call is 'The port calls detected on each track, before the ship is identified; for queries use port_call. One row per port call (port_call_id).';
comment on column track_call.port_call_id is 'Hash of track, port and arrival.';
comment on column track_call.track_id is 'The track: the MMSI, or k * 1000000000 + MMSI for the k-th further hull that uses it.';
comment on column track_call.mmsi is 'The transmitter.';
comment on column track_call.port_id is 'The port; key of port.';
comment on column track_call.area_kind is 'berth: the ship lay in a berth; anchorage: it only stopped elsewhere inside the limit.';
comment on column track_call.arrived_after is 'The credible fix just before arrived_at, UTC, where it lies outside the limit that arrived_at is inside of, as in port_call. Null: none, or it is inside too.';
comment on column track_call.arrived_at is 'First credible fix of the stay inside the limit, UTC, as in port_call.';
comment on column track_call.anchored_at is 'First fix of an hour or more in one place outside a berth, UTC, as in port_call. Null: no such hour was seen.';
comment on column track_call.berthed_at is 'First fix that shows the ship lying in a berth, UTC. Null: an anchorage call.';
comment on column track_call.unberthed_at is 'Last fix that shows the ship lying in a berth, UTC, as in port_call. Null: an anchorage call, or in the berth at the end of the data.';
comment on column track_call.departed_at is 'Last credible fix of the stay inside the limit, UTC, as in port_call. Null: in port at the end of the data.';
comment on column track_call.departed_by is 'The credible fix just after departed_at, UTC, where the departure was not seen, as in port_call. Null: it was seen, the ship is in port, or no such fix.';
comment on column track_call.fixes is 'Credible fixes inside, as in port_call.';
comment on column track_call.longest_gap_h is 'Longest silence between two credible fixes of the call, hours; 0 for a single fix.';
comment on column track_call.outside_m is 'Distance between the fix just outside and the fix just inside, at arrival or departure, whichever is less, metres. Null: neither was heard.';
comment on column track_call.lon is 'Longitude of the first fix in the berth, else of the first inside, degrees WGS 84.';
comment on column track_call.lat is 'Latitude of the first fix in the berth, else of the first inside, degrees WGS 84.';
comment on column track_call.confidence is 'Confidence from the ship''s own track alone, 1 to 4, as in port_call; interference events are not yet taken into account.';

comment on table flagged_position is 'The fixes of candidate ships that are not simply credible fixes of the first track of their MMSI. One row per fix; position_verdict has all fixes.';
comment on column flagged_position.mmsi is 'The transmitter.';
comment on column flagged_position.reported_at is 'When the fix was taken, UTC.';
comment on column flagged_position.lon is 'Longitude, degrees WGS 84.';
comment on column flagged_position.lat is 'Latitude, degrees WGS 84.';
comment on column flagged_position.track_id is 'The track: the MMSI, or k * 1000000000 + MMSI for the k-th further hull that uses it.';
comment on column flagged_position.verdict is 'credible (of a further hull), disputed (counted, but it lowers the confidence of its call) or implausible (never counted).';
comment on column flagged_position.reason is 'The reason, in words.';
comment on column flagged_position.port_id is 'The port whose limit holds the fix. Null: none.';

comment on view track_fix is 'Every fix with the track that it belongs to and the verdict on it. One row per fix (mmsi, reported_at, lon, lat).';
comment on column track_fix.mmsi is 'Maritime Mobile Service Identity of the transmitter: nine digits, the first 2 to 7. Never null.';
comment on column track_fix.reported_at is 'When the fix was taken, UTC. Never null.';
comment on column track_fix.lon is 'Longitude, degrees WGS 84, east positive, rounded to 0.00001. Never null.';
comment on column track_fix.lat is 'Latitude, degrees WGS 84, north positive, rounded to 0.00001. Never null.';
comment on column track_fix.track_id is 'The track: the MMSI, or k * 1000000000 + MMSI for the k-th further hull on it; for a ship that never came near a port it is the MMSI.';
comment on column track_fix.verdict is 'credible, disputed (counted, but it lowers the confidence of its call) or implausible (never counted).';
comment on column track_fix.reason is 'The reason, in words. Null: simply credible.';
comment on column track_fix.sog_kn is 'Speed over ground, knots. Null: not available.';
comment on column track_fix.cog_deg is 'Course over ground, degrees from true north, 0 to below 360. Null: not available.';
comment on column track_fix.imo is 'IMO number of the hull as transmitted, seven digits with a valid check digit. Null: none transmitted, or the check digit is wrong.';
comment on column track_fix.vessel_name is 'Name of the ship as transmitted; the sender can enter any text. Null: none.';
comment on column track_fix.call_sign is 'Radio call sign as transmitted. Null: none.';
comment on column track_fix.ship_type is 'AIS ship type, code of ITU-R M.1371: 80 to 89 is a tanker. Null: not available.';
comment on column track_fix.length_m is 'Length of the ship as transmitted, metres. Null: not available.';
comment on column track_fix.beam_m is 'Beam of the ship as transmitted, metres. Null: not available.';
comment on column track_fix.draught_m is 'Present draught as entered by the crew, metres. Null: not available.';
comment on column track_fix.source is 'Id of the source whose layout the input file has.';
comment on column track_fix.heading_deg is 'True heading, degrees, 0 to below 360. Null: not available.';

comment on view position_verdict is 'The verdict on every fix of every ship that was ever near an Iranian port. One row per fix (mmsi, reported_at, lon, lat), the key of position. Restrict queries to a few ships or days: the view joins the whole lake.';
comment on column position_verdict.mmsi is 'The transmitter.';
comment on column position_verdict.reported_at is 'When the fix was taken, UTC.';
comment on column position_verdict.lon is 'Longitude, degrees WGS 84.';
comment on column position_verdict.lat is 'Latitude, degrees WGS 84.';
comment on column position_verdict.track_id is 'The track: the MMSI, or k * 1000000000 + MMSI for the k-th further hull on it.';
comment on column position_verdict.verdict is 'credible, disputed (counted, but it lowers the confidence of its call) or implausible (never counted).';
comment on column position_verdict.reason is 'The reason, in words. Null: simply credible.';

comment on table interference is 'Places and times at which many ships were displaced to one place by false positions. One row per event.';
comment on column interference.interference_id is 'Number of the event, from 1 in order of time; a rebuild with other inputs may change it.';
comment on column interference.place is 'The ports whose limits hold displaced fixes, else the centre in degrees.';
comment on column interference.lon is 'Median longitude of the displaced fixes, degrees WGS 84.';
comment on column interference.lat is 'Median latitude of the displaced fixes, degrees WGS 84.';
comment on column interference.radius_m is 'Radius about the centre that holds 95 % of the displaced fixes, metres.';
comment on column interference.began_at is 'First displaced fix, UTC.';
comment on column interference.ended_at is 'Last displaced fix, UTC.';
comment on column interference.ships is 'Number of ships (MMSIs) displaced to the place; at least three.';
comment on column interference.displaced_fixes is 'Number of fixes displaced to the place.';
comment on column interference.evidence is 'jumps: several ships moved to the place faster than a ship can. crowd: within a day more ships were at the place than expected by chance, none of them heard nearby before or after; each alone might be real.';

comment on table candidate_ship is 'Internal to the detector: the ships that were ever near a port. One row per transmitter (mmsi).';
comment on column candidate_ship.mmsi is 'The transmitter.';
comment on column candidate_ship.fixes is 'Number of its fixes in the lake, anywhere.';
comment on column candidate_ship.depends_on_reception is 'Whether its calls may change without a new fix of its own: it was in port when last heard, or was silent there for more than a week.';

comment on table worked_part is 'Internal to the detector: the Parquet files of the lake in which calls were detected. One row per file.';
comment on column worked_part.part_hash is 'blake2b-256 hash of the file, as in the manifest.';

comment on table call_interference is 'The calls of which at least half the time is covered by an interference event at a port into whose limit the event displaced ships: in port_call their confidence is one lower, or 1. One row per call and event.';
comment on column call_interference.port_call_id is 'The call; key of port_call.';
comment on column call_interference.interference_id is 'The event; key of interference.';
comment on column call_interference.is_seen_near is 'Whether the ship was heard within {{ seen_near_km }} km outside the limit before or after the call. If not, the call is contested (confidence 1).';

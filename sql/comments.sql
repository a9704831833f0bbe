-- What every relation of the catalogue and each of its columns is: meaning, unit, and what null means.
-- Grain: one comment. Inputs: every relation of the catalogue.
comment on view position is 'Every kept AIS fix of the lake, plausible or not. One row a fix (mmsi, reported_at, lon, lat), each once whatever the number of files that hold it.';
comment on column position.mmsi is 'Maritime Mobile Service Identity of the transmitter: nine digits, the first 2 to 7. Never null.';
comment on column position.reported_at is 'When the fix was taken, UTC. Never null.';
comment on column position.lon is 'Longitude, degrees WGS 84, east positive, rounded to 0.00001. Never null.';
comment on column position.lat is 'Latitude, degrees WGS 84, north positive, rounded to 0.00001. Never null.';
comment on column position.sog_kn is 'Speed over ground, knots. Null: not available.';
comment on column position.cog_deg is 'Course over ground, degrees from true north, 0 to below 360. Null: not available.';
comment on column position.heading_deg is 'True heading, degrees, 0 to below 360. Null: not available.';
comment on column position.nav_status is 'AIS navigational status, code of ITU-R M.1371: 0 under way, 1 at anchor, 5 moored and so on. Null: not available.';
comment on column position.imo is 'IMO number of the hull as it was sent, seven digits with a right check digit. Null: none sent, or the digit is wrong.';
comment on column position.vessel_name is 'Name of the ship as it was sent; anyone with a transmitter may send any text. Null: none.';
comment on column position.call_sign is 'Radio call sign as it was sent. Null: none.';
comment on column position.ship_type is 'AIS ship type, code of ITU-R M.1371: 80 to 89 is a tanker. Null: not available.';
comment on column position.length_m is 'Length of the ship as it was sent, metres. Null: not available.';
comment on column position.beam_m is 'Beam of the ship as it was sent, metres. Null: not available.';
comment on column position.draught_m is 'Present draught as the crew set it, metres. Null: not available.';
comment on column position.destination is 'Destination as the crew wrote it. Null: none, or the source does not publish it.';
comment on column position.source is 'Id of the source, whose layout the input file has.';
comment on column position.file_id is 'The input file that the fix stands in; key of source_file. Of several files with the same fix the lowest.';

comment on view reject is 'Every input row that is no position, and why. One row a line of an input file.';
comment on column reject.file_id is 'The input file; key of source_file.';
comment on column reject.line is 'Number of the line in the decompressed file, counted from 1, the header included.';
comment on column reject.reason is 'Why the line is no position, in words.';
comment on column reject.raw is 'The text of the line, at most 1,000 characters of it.';

comment on table source_file is 'Every input file and where its rows went: rows_read = rows_kept + rows_repeated + rows_rejected. One row a file.';
comment on column source_file.file_id is 'blake2b-256 of the decompressed content, hexadecimal: the same content is the same file, whatever its name.';
comment on column source_file.name is 'Name of the file, or of the member of an archive, when its content came in first.';
comment on column source_file.source is 'Id of the source, whose layout the file has.';
comment on column source_file.rows_read is 'Lines of the file without the header and the empty ones.';
comment on column source_file.rows_kept is 'Rows that stand in position under this file.';
comment on column source_file.rows_repeated is 'Rows whose fix stands already under another line or file.';
comment on column source_file.rows_rejected is 'Rows that are no position; they stand in reject.';
comment on column source_file.first_reported_at is 'Time of the earliest fix in the file, kept or repeated, UTC. Null: the file holds no position.';
comment on column source_file.last_reported_at is 'Time of the latest fix in the file, kept or repeated, UTC. Null: the file holds no position.';
comment on column source_file.ingested_at is 'The as-of time of the run that took the file in, UTC.';

comment on table port is 'The ports, each with its outer fence. One row a port.';
comment on column port.port_id is 'UN/LOCODE without the space, such as IRKHK; a terminal that has none gets IR- and three letters.';
comment on column port.name is 'Name of the port.';
comment on column port.water is 'The water the port lies at: Persian Gulf, Gulf of Oman or Caspian.';
comment on column port.country is 'Country of the port, ISO 3166-1 alpha-2.';
comment on column port.kind is 'What the port is, such as oil terminal; roads have no berth.';
comment on column port.usual_tanker_calls is 'Usual number of tanker calls a year, which weights the port in the share of the coast that was heard. Null: unknown, and the port weighs nothing.';
comment on column port.usual_tanker_calls_source is 'Where usual_tanker_calls comes from, or why it is unknown.';
comment on column port.geometry_wkb is 'The outer fence (port limit) as WKB, degrees WGS 84, lon before lat.';
comment on column port.geometry_geojson is 'The outer fence (port limit) as GeoJSON text, degrees WGS 84, lon before lat.';
comment on column port.source is 'What the outer fence was drawn from.';
comment on column port.accuracy_m is 'How far the fence may be off, metres.';

comment on table port_area is 'The fences of the ports: outer limits, anchorages and berths. One row a polygon.';
comment on column port_area.area_id is 'Id of the polygon: port_id, kind, and a name where there are several.';
comment on column port_area.port_id is 'The port that the polygon belongs to.';
comment on column port_area.name is 'Name of the quay, mooring, roads or limit.';
comment on column port_area.water is 'The water of the port: Persian Gulf, Gulf of Oman or Caspian.';
comment on column port_area.country is 'Country of the port, ISO 3166-1 alpha-2.';
comment on column port_area.kind is 'port_limit (outer fence), anchorage (waiting area) or berth (quay, jetty or single-point mooring).';
comment on column port_area.serves is 'Port ids whose ships wait in these shared roads, as a JSON list. Null: the polygon serves its own port only.';
comment on column port_area.geometry_wkb is 'The polygon as WKB, degrees WGS 84, lon before lat.';
comment on column port_area.geometry_geojson is 'The polygon as GeoJSON text, degrees WGS 84, lon before lat.';
comment on column port_area.source is 'What the polygon was drawn from: a gazetteer''s row, a cluster of still ships, or general knowledge.';
comment on column port_area.accuracy_m is 'How far the polygon may be off, metres.';

comment on table meta is 'What this catalogue was made from. One row a key.';
comment on column meta.key is 'format, code_version, as_of (UTC), inputs_hash, fences_hash or registers_hash.';
comment on column meta.value is 'Its value as text.';

comment on table run is 'The runs of this home; the last one made this catalogue. One row a run.';
comment on column run.run_id is 'Number of the run, from 1 up.';
comment on column run.as_of is 'The clock of the run, UTC: it says what is the future and which week is still open.';
comment on column run.code_version is 'Version of the program.';
comment on column run.inputs_hash is 'Hash of the ids of all input files in the lake.';
comment on column run.fences_hash is 'Hash of the files that hold the ports and their fences.';
comment on column run.registers_hash is 'Hash of the files that hold the registers.';
comment on column run.files_ingested is 'Input files that the run took into the lake.';
comment on column run.files_known is 'Input files that the run passed over, as their content was in the lake.';
comment on column run.files_failed is 'Input files that the run could not take in.';

comment on table mid is 'The Maritime Identification Digits and the flags they stand for. One row a mid.';
comment on column mid.mid is 'The first three digits of a ship''s MMSI.';
comment on column mid.country_code is 'Country or territory that they belong to, ISO 3166-1 alpha-2.';
comment on column mid.country_name is 'Its short English name.';

comment on table week is 'The ISO 8601 weeks from the first to the last with input, none left out. One row a week.';
comment on column week.week is 'ISO week such as 2026-W16, in UTC.';
comment on column week.week_start is 'Its Monday.';
comment on column week.starts_at is 'Begin of the week, Monday 00:00 UTC.';
comment on column week.ends_at is 'End of the week, the next Monday 00:00 UTC, no longer part of it.';
comment on column week.hours_passed is 'Full hours of the week that were over at the as-of time, 0 to 168.';
comment on column week.is_open is 'Whether the week ends after the as-of time, or the lake holds no fix at or after its Sunday 23:00: its counts are so far.';

comment on table heard_hour is 'The hours in which the surroundings of a port (60 km) gave a fix of any ship. One row a port and hour with a fix.';
comment on column heard_hour.port_id is 'The port.';
comment on column heard_hour.hour is 'Begin of the hour, UTC.';
comment on column heard_hour.fixes is 'Fixes of all ships in the surroundings in that hour.';

comment on table observed_hour is 'The hours that count as heard: within 6 hours of them the surroundings of the port (60 km) gave a fix of any ship. One row a port and hour.';
comment on column observed_hour.port_id is 'The port.';
comment on column observed_hour.hour is 'Begin of the hour, UTC.';

comment on table coverage is 'What the receivers heard around each port (60 km), day by day: it measures reception, not calls. One row a port and UTC day, days without a fix included.';
comment on column coverage.port_id is 'The port.';
comment on column coverage.day is 'The day, UTC.';
comment on column coverage.observed_hours is 'Hours of the day that count as heard, 0 to 24: a fix of any ship within 6 hours of them.';
comment on column coverage.fixes is 'Fixes of all ships in the surroundings on that day.';
comment on column coverage.vessels is 'Transmitters (MMSIs) heard in the surroundings on that day.';
comment on column coverage.state is 'complete: 0.95 of the day''s 24 hours heard, or more; partial: fewer; unobserved: none.';

comment on table vessel is 'The ships heard, as their own reports describe them. One row a transmitter and hull (mmsi, imo).';
comment on column vessel.imo is 'IMO number of the hull. Null: the transmitter sent none with a right check digit, or several and the reports of this row none.';
comment on column vessel.mmsi is 'MMSI of the transmitter.';
comment on column vessel.vessel_name is 'The name sent most often. Null: none sent.';
comment on column vessel.flag is 'Flag by the first three digits of the MMSI (mid), ISO 3166-1 alpha-2; it proves no registration. Null: digits that are given to nobody.';
comment on column vessel.ship_type is 'The AIS ship type sent most often, code of ITU-R M.1371. Null: none sent.';
comment on column vessel.is_tanker is 'Whether most of the reports that give a type give a tanker''s, 80 to 89. Null: none gives a type.';
comment on column vessel.length_m is 'Length sent most often, metres. Null: none sent.';
comment on column vessel.beam_m is 'Beam sent with that length, metres. Null: none sent.';
comment on column vessel.valid_from is 'First fix of the transmitter with this hull, UTC.';
comment on column vessel.valid_to is 'Last fix of the transmitter with this hull, UTC.';

comment on table vessel_link is 'Evidence that ties a hull to Russia, each piece dated and sourced, for every hull of every register, heard or not. One row a piece of evidence.';
comment on column vessel_link.imo is 'IMO number of the hull. Null: the evidence knows the transmitter only.';
comment on column vessel_link.mmsi is 'MMSI of the transmitter. Null: the evidence knows the hull only.';
comment on column vessel_link.link_tier is 'Strength of the evidence: strong or moderate, which count for the headline, or weak, which does not.';
comment on column vessel_link.link_reason is 'Kind of evidence: listed (by sanctions), flag, owner, trade (called at a Russian oil port) or destination.';
comment on column vessel_link.link_source is 'Where the evidence comes from, such as EU 833/2014; MMSI for a flag by MMSI, AIS for what a ship sent.';
comment on column vessel_link.reference is 'The entry in the source.';
comment on column vessel_link.programme is 'The sanctions programme. Null: the evidence is no listing, or its register names none.';
comment on column vessel_link.listed_on is 'Day from which the listing applies. Null: the evidence is no listing.';
comment on column vessel_link.delisted_on is 'Day on which the listing ended. Null: it stands, or the evidence is no listing.';
comment on column vessel_link.valid_from is 'From when the evidence counts for calls, UTC. Null: from the beginning, as what is known today counts for all weeks.';
comment on column vessel_link.valid_to is 'Until when the evidence counts for calls, UTC, that moment no longer. Null: without end.';
comment on column vessel_link.matched_by is 'By what the evidence finds its ship: imo, or mmsi within the dates.';

comment on table call_evidence is 'The pieces of evidence that link the ship of a call to Russia, as valid for that call. One row a call and piece of evidence; a call without any has no row.';
comment on column call_evidence.port_call_id is 'The call; key of port_call.';
comment on column call_evidence.link_tier is 'Strength of the evidence: strong, moderate or weak.';
comment on column call_evidence.link_reason is 'Kind of evidence: listed, flag, owner, trade or destination.';
comment on column call_evidence.link_source is 'Where the evidence comes from, as in vessel_link.';
comment on column call_evidence.reference is 'The entry in the source.';
comment on column call_evidence.programme is 'The sanctions programme. Null: the evidence is no listing, or its register names none.';
comment on column call_evidence.listed_on is 'Day from which the listing applies. Null: the evidence is no listing.';
comment on column call_evidence.delisted_on is 'Day on which the listing ended. Null: it stands, or the evidence is no listing.';
comment on column call_evidence.matched_by is 'By what the evidence found the ship: imo, or mmsi within the dates.';
comment on column call_evidence.was_known_at_call is 'Whether the evidence was there when the ship arrived: false for a listing that applies from a later day.';

comment on table port_call is 'Every stay of a ship of any type at an Iranian port, with who she is and what links her to Russia. One row a ship at a port, from arrival to departure. Counts take is_tanker and confidence 2 and up.';
comment on column port_call.port_call_id is 'Hash of track, port and arrival.';
comment on column port_call.track_id is 'The track that called: the MMSI until two hulls that share it are told apart.';
comment on column port_call.mmsi is 'MMSI of the transmitter.';
comment on column port_call.imo is 'IMO number sent most often within a week of the call, else the only one that the MMSI ever sent. Null: unknown.';
comment on column port_call.vessel_name is 'Name sent most often within a week of the call, else the ship''s usual one. Null: unknown.';
comment on column port_call.flag is 'Flag by the first three digits of the MMSI (mid), ISO 3166-1 alpha-2. Null: digits that are given to nobody.';
comment on column port_call.port_id is 'The port.';
comment on column port_call.area_kind is 'berth: she lay in a berth; anchorage: she only stopped elsewhere inside the port limit.';
comment on column port_call.arrived_after is 'Last credible fix outside the port limit before the call, UTC: she arrived after it. Null: there is none.';
comment on column port_call.arrived_at is 'First credible fix inside the port limit, UTC.';
comment on column port_call.berthed_at is 'First credible fix in a berth, UTC. Null: none, the call is an anchorage call.';
comment on column port_call.departed_at is 'Last credible fix inside the port limit, UTC. Null: in port at the end of the data.';
comment on column port_call.departed_by is 'First credible fix outside after a departure that was not seen, UTC: she left by then. Null: the departure was seen, she is in port, or she was not heard outside since.';
comment on column port_call.fixes is 'Credible fixes inside the port limit during the call.';
comment on column port_call.longest_gap_h is 'Longest silence between two credible fixes of the call, hours; 0 for a single fix.';
comment on column port_call.draught_in_m is 'Draught as last sent up to the arrival, else first in port, metres. Null: none sent within a week of the call.';
comment on column port_call.draught_out_m is 'Draught as first sent after the departure, else last in port, metres. Null: in port, or none sent within a week of the call.';
comment on column port_call.confidence is '4: arrival, stop and departure seen; 3: stop and one of them; 2: stop only; 1: contested, by interference or as a single fix, and not counted.';
comment on column port_call.is_tanker is 'Whether the ship is a tanker: AIS type 80 to 89 in most of its reports that give a type. Null: none gives a type, and the call is not counted.';
comment on column port_call.tanker_kind is 'crude, product, chemical or gas. Null until a register that tells it is at hand.';
comment on column port_call.is_russian_linked is 'Whether strong or moderate evidence, as known today, links the ship to Russia at this call.';
comment on column port_call.link_tier is 'Strength of the best evidence: strong, moderate, weak, or none.';
comment on column port_call.link_reasons is 'Kinds of evidence, in alphabetical order and parted by a comma and a space, weak evidence''s too. Null: no evidence.';
comment on column port_call.is_iran_listed is 'Whether sanctions programmes against Iran list the ship too. Null until such a register is at hand.';
comment on column port_call.was_known_at_call is 'Whether any of the strong or moderate evidence was there when the ship arrived. Null: the call is not Russian-linked.';
comment on column port_call.week is 'ISO week of arrived_at, in UTC, such as 2026-W16.';

comment on table counted_call is 'The calls that counts take: of tankers, with confidence 2 and up, linked to Russia or not. One row a call.';
comment on column counted_call.port_call_id is 'The call; key of port_call.';
comment on column counted_call.week is 'ISO week of arrival, in UTC.';
comment on column counted_call.port_id is 'The port.';
comment on column counted_call.water is 'The water of the port.';
comment on column counted_call.area_kind is 'berth or anchorage.';
comment on column counted_call.link_tier is 'Strength of the best evidence: strong, moderate, weak, or none.';
comment on column counted_call.link_reasons is 'Kinds of evidence, parted by a comma and a space. Null: no evidence.';
comment on column counted_call.is_russian_linked is 'Whether the evidence is strong or moderate.';
comment on column counted_call.hull is 'The ship, for counting ships once: its IMO number, or its track where that is unknown.';
comment on column counted_call.is_headline is 'Whether the series barometer counts the call: all but an anchorage call within 10 days of the ship''s berth call in the same water, which is part of that voyage.';

comment on table port_week is 'How much of each week was heard at each port. One row a week and port.';
comment on column port_week.week is 'ISO week, in UTC.';
comment on column port_week.week_start is 'Its Monday.';
comment on column port_week.is_open is 'Whether the week is not over, or its files are not all in.';
comment on column port_week.port_id is 'The port.';
comment on column port_week.usual_tanker_calls is 'Usual number of tanker calls a year, the port''s weight. Null: unknown, and the port weighs nothing.';
comment on column port_week.observed_share is 'Share of the week''s hours that were heard, 0 to 1; of an unfinished week, of the hours that have passed. Null: no hour has passed.';

comment on table weekly_port_calls is 'Tanker calls by week, port and strength of the link to Russia, with their history of publication. A full grid: one row a week, port and link_tier, weeks without any call included.';
comment on column weekly_port_calls.week is 'ISO week of arrival such as 2026-W16, in UTC.';
comment on column weekly_port_calls.week_start is 'Its Monday.';
comment on column weekly_port_calls.port_id is 'The port.';
comment on column weekly_port_calls.link_tier is 'Strength of the best evidence that links the ship to Russia: strong, moderate, weak, or none.';
comment on column weekly_port_calls.port_calls is 'Tanker calls with confidence 2 and up, anchorage calls of the same voyage included, so the sum over ports may exceed the headline''s. At least so many where the state is partial. Null: none counted, and too little heard to say zero.';
comment on column weekly_port_calls.berth_calls is 'Of these, the calls at a berth. Null: none counted, and too little heard to say zero.';
comment on column weekly_port_calls.vessels is 'Different ships among the calls, by hull. Null: none counted, and too little heard to say zero.';
comment on column weekly_port_calls.observed_share is 'Share of the week''s hours in which the port was heard, 0 to 1; of an unfinished week, of the hours that have passed. Null: no hour has passed.';
comment on column weekly_port_calls.state is 'open: the week is not over or not all in, the count is so far; complete: 0.95 of its hours heard, or more; partial: fewer, a count is at least; unobserved: nothing counted and below 0.3.';
comment on column weekly_port_calls.first_published_at is 'As-of time of the run that first published a count for this row, UTC. Null: not published yet.';
comment on column weekly_port_calls.restated_from is 'The last published port_calls that differs from the one now. Null: never restated, or restated from null.';

comment on table barometer is 'The one series: calls of Russian-linked tankers at all Iranian ports, week by week, with what is known today for all weeks. One row a week, from the first to the last with input. A call that waited at anchor within 10 days of the ship''s berth call in the same water is not counted again.';
comment on column barometer.week is 'ISO week of arrival such as 2026-W16, in UTC.';
comment on column barometer.week_start is 'Its Monday.';
comment on column barometer.russian_linked_tanker_calls is 'The headline: tankers'' calls with a strong or moderate link. At least so many where the state is partial. Null: none counted, and too little heard to say zero.';
comment on column barometer.russian_linked_berth_calls is 'Of these, the calls at a berth. Null: none counted, and too little heard to say zero.';
comment on column barometer.listed_calls is 'Of the headline''s calls, those of ships that a sanctions list names; a call may have several reasons. Null: none counted, and too little heard to say zero.';
comment on column barometer.flag_calls is 'Of the headline''s calls, those of ships under the Russian flag at the call or in the year before. Null: none counted, and too little heard to say zero.';
comment on column barometer.owner_calls is 'Of the headline''s calls, those of ships with a Russian owner or manager. Null: none counted, and too little heard to say zero; always null until a register gives owners.';
comment on column barometer.trade_calls is 'Of the headline''s calls, those of ships that called at a Russian oil port in the 180 days before. Null: none counted, and too little heard to say zero; always null until that evidence is at hand.';
comment on column barometer.low_95 is 'Lower exact 95 % limit of the week''s rate of headline calls, calls a week. Null until limits are computed.';
comment on column barometer.high_95 is 'Upper exact 95 % limit of the week''s rate of headline calls, calls a week. Null until limits are computed.';
comment on column barometer.tanker_calls is 'Calls of all tankers, linked or not, counted like the headline. Null: none counted, and too little heard to say zero.';
comment on column barometer.observed_share is 'Share of the week''s hours that were heard, 0 to 1, each port weighted by its usual tanker calls. Null: no hour has passed.';
comment on column barometer.state is 'open: the week is not over or not all in, the count is so far; complete: 0.95 of the coast''s hours heard, or more; partial: fewer, a count is at least; unobserved: nothing counted and below 0.3.';
comment on column barometer.index_100 is 'Headline calls over exposure, as a ratio to the 52 weeks before, 100 is equal. Null until the index is computed.';
comment on column barometer.change_p is 'p-value of the exact test of the headline''s rate against the eight weeks before, 0 to 1. Null until the test is computed.';

comment on table track_call is 'The port calls as the detector found them on each track, before anything is known of the ship; port_call is what to query. One row a port call (port_call_id).';
comment on column track_call.port_call_id is 'Hash of track, port and arrival.';
comment on column track_call.track_id is 'The track: the MMSI, or k * 1000000000 + MMSI for the k-th further hull on it.';
comment on column track_call.mmsi is 'The transmitter.';
comment on column track_call.port_id is 'The port; key of port.';
comment on column track_call.area_kind is 'berth or anchorage: the innermost area that the ship lay in.';
comment on column track_call.arrived_after is 'Last credible fix outside before the call, UTC. Null: none.';
comment on column track_call.arrived_at is 'First credible fix inside the limit, UTC.';
comment on column track_call.berthed_at is 'First fix that shows the ship in a berth, UTC. Null: none.';
comment on column track_call.departed_at is 'Last credible fix inside the limit, UTC. Null: in port at the end of the data.';
comment on column track_call.departed_by is 'First credible fix outside, UTC, where the departure was not seen. Null: it was, or none.';
comment on column track_call.fixes is 'Credible fixes inside the limit.';
comment on column track_call.longest_gap_h is 'Longest silence in the call, hours.';
comment on column track_call.outside_m is 'Way between the fix just outside and the one just inside, at arrival or departure, whichever is less, metres. Null: neither was heard.';
comment on column track_call.lon is 'Longitude of the first fix in the berth, else of the first inside, degrees WGS 84.';
comment on column track_call.lat is 'Latitude of the first fix in the berth, else of the first inside, degrees WGS 84.';
comment on column track_call.confidence is 'How sure the call is from its own track, 1 to 4; interference that many ships show is not in it yet.';

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
comment on column candidate_ship.hangs_on_hearing is 'Whether its calls may change without a fix of its own: it lay in port when last heard, or was silent there for over a week.';

comment on table worked_part is 'Bookkeeping of the detector: the parts of the lake that the calls were found in. One row a Parquet file.';
comment on column worked_part.part_hash is 'blake2b-256 of the file, as in the manifest.';

comment on table call_interference is 'The calls that an interference event covers for at least half of their time, at a port into whose limit it threw ships: port_call has them one step less sure, or contested. One row a call and event.';
comment on column call_interference.port_call_id is 'The call; key of port_call.';
comment on column call_interference.interference_id is 'The event; key of interference.';
comment on column call_interference.is_seen_near is 'Whether the ship was heard within 20 km outside the limit before or after. If not, the call is contested (confidence 1).';

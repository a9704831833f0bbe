-- What the relations of this folder hold, by relation and column, with units.
-- Grain: one relation or column.

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
comment on column position.reported_on is 'Day of reported_at, in UTC, to group by. A condition on reported_at reads fewer files than one on this.';

comment on view reject is 'Every input row that is no position, and why. One row a line of an input file.';
comment on column reject.file_id is 'The input file; key of source_file.';
comment on column reject.line is 'Number of the line in the decompressed file, counted from 1, the header included.';
comment on column reject.reason is 'Why the line is no position, in words.';
comment on column reject.raw is 'The text of the line, at most 1,000 characters of it.';

comment on table source_file is 'Every input file and where its rows went: rows_read = rows_kept + rows_repeated + rows_rejected + rows_static. One row a file.';
comment on column source_file.file_id is 'blake2b-256 of the decompressed content, hexadecimal: the same content is the same file, whatever its name.';
comment on column source_file.name is 'Name of the file, or of the member of an archive, when its content came in first.';
comment on column source_file.source is 'Id of the source, whose layout the file has.';
comment on column source_file.rows_read is 'Lines of the file without its headers and the empty ones.';
comment on column source_file.rows_kept is 'Rows that stand in position under this file.';
comment on column source_file.rows_repeated is 'Rows whose fix stands already under another line or file.';
comment on column source_file.rows_rejected is 'Rows that are no position; they stand in reject.';
comment on column source_file.rows_static is 'Static reports in rows of their own, without a place: what they say stands in the positions of their ship on their day in this file.';
comment on column source_file.first_reported_at is 'Time of the earliest fix in the file, kept or repeated, UTC. Null: the file holds no position.';
comment on column source_file.last_reported_at is 'Time of the latest fix in the file, kept or repeated, UTC. Null: the file holds no position.';
comment on column source_file.ingested_at is 'The as-of time of the run that took the file in, UTC.';

comment on table outbox is 'What was sent by mail: a record before each try and one for each end after it. Another client than barometer sql sees it as of the last run. One row a record.';
comment on column outbox.outbox_id is 'Number of the record, from 1, in the order in which they were written.';
comment on column outbox.week is 'ISO week of the report.';
comment on column outbox.week_state is 'State of the week when it was sent, as in barometer.';
comment on column outbox.version is 'Hash of the week''s published counts and states: another number is another version. Without an n in front: of a release that hashed the CSV files.';
comment on column outbox.recipients is 'The addresses that the record is about.';
comment on column outbox.state is 'sending (before a try), sent, failed, or unclear: it may have been delivered, and is not sent again by itself. A sending that nothing follows is unclear too.';
comment on column outbox.recorded_at is 'When the record was made, UTC.';
comment on column outbox.attempt is 'Number of the try, from 1, of this version of the week.';
comment on column outbox.message_id is 'The message''s Message-ID, the same for every try of a version.';
comment on column outbox.error is 'Why it failed or is unclear. Null: it did not.';
comment on column outbox.next_try_at is 'From when a run tries again, UTC. Null: none does by itself.';

comment on table port is 'The ports, each with its outer fence. One row a port.';
comment on column port.port_id is 'UN/LOCODE without the space, such as IRKHK; a terminal that has none gets IR- and three letters.';
comment on column port.name is 'Name of the port.';
comment on column port.water is 'The water the port lies at: Persian Gulf, Gulf of Oman or Caspian; of Russian ports others.';
comment on column port.country is 'Country of the port, ISO 3166-1 alpha-2.';
comment on column port.kind is 'What the port is, such as oil terminal; roads have no berth.';
comment on column port.usual_tanker_calls is 'Usual number of tanker calls a year, which weights the port in the share of the coast that was heard. Null: unknown, and the port weighs nothing.';
comment on column port.usual_tanker_calls_source is 'Where usual_tanker_calls comes from, or why it is unknown.';
comment on column port.geometry_wkb is 'The outer fence (port limit) as WKB, degrees WGS 84, lon before lat.';
comment on column port.geometry_geojson is 'The outer fence (port limit) as GeoJSON text, degrees WGS 84, lon before lat.';
comment on column port.source is 'What the outer fence was drawn from.';
comment on column port.accuracy_m is 'How far the fence may be off, metres.';
comment on column port.trade_tier is 'What a tanker''s call there proves about Russia: moderate or weak. Null: no Russian port.';
comment on column port.lon is 'Longitude of a point inside the outer fence, to mark the port on a map; not a gazetteer''s point; degrees WGS 84, rounded to 0.00001.';
comment on column port.lat is 'Latitude of that point, in degrees WGS 84, rounded to 0.00001.';

comment on table port_area is 'The fences of the ports: outer limits, anchorages and berths. One row a polygon.';
comment on column port_area.area_id is 'Id of the polygon: port_id, kind, and a name where there are several.';
comment on column port_area.port_id is 'The port that the polygon belongs to.';
comment on column port_area.name is 'Name of the quay, mooring, roads or limit.';
comment on column port_area.water is 'The water of the port: Persian Gulf, Gulf of Oman or Caspian; of Russian ports others.';
comment on column port_area.country is 'Country of the port, ISO 3166-1 alpha-2.';
comment on column port_area.kind is 'port_limit (outer fence), anchorage (waiting area) or berth (quay, jetty or single-point mooring).';
comment on column port_area.serves is 'Port ids whose ships wait in these shared roads, as a JSON list. Null: the polygon serves its own port only.';
comment on column port_area.geometry_wkb is 'The polygon as WKB, degrees WGS 84, lon before lat.';
comment on column port_area.geometry_geojson is 'The polygon as GeoJSON text, degrees WGS 84, lon before lat.';
comment on column port_area.source is 'What the polygon was drawn from: a gazetteer''s row, a cluster of still ships, or general knowledge.';
comment on column port_area.accuracy_m is 'How far the polygon may be off, metres.';
comment on column port_area.lon is 'Longitude of a point inside the polygon, degrees WGS 84, rounded to 0.00001.';
comment on column port_area.lat is 'Latitude of that point, degrees WGS 84, rounded to 0.00001.';

comment on table meta is 'What this catalogue was made from. One row a key.';
comment on column meta.key is 'format, code_version, as_of (UTC), time_zone (how another client keeps its own time zone out), inputs_hash, fences_hash, method_hash or registers_hash; home: where the files lay that position and reject name, which a copied home has elsewhere; known_on where links are as known on a day.';
comment on column meta.value is 'Its value as text.';

comment on table run is 'The runs of this home; the last one made this catalogue. One row a run.';
comment on column run.run_id is 'Number of the run, from 1 up.';
comment on column run.as_of is 'The clock of the run, UTC: it says what is the future and which week is still open.';
comment on column run.code_version is 'Version of the program.';
comment on column run.inputs_hash is 'Hash of the ids of all input files in the lake.';
comment on column run.fences_hash is 'Hash of the files that hold the ports and their fences.';
comment on column run.registers_hash is 'Hash of the registers, bundled and imported, and of what persons decided.';
comment on column run.files_ingested is 'Input files that the run took into the lake.';
comment on column run.files_known is 'Input files that the run passed over, as their content was in the lake.';
comment on column run.files_failed is 'Input files that the run could not take in.';
comment on column run.code_hash is 'Hash of the code, the queries and the code tables: tells apart what the version does not. Null: a run before hashes of the code were recorded.';
comment on column run.method_hash is 'Hash of the code that finds calls, and of nothing else. Null: a run before it was recorded.';
comment on column run.bundled_hash is 'Hash of the registers that came with the program. Null: a run before it was recorded.';
comment on column run.decisions_hash is 'Hash of what persons had decided (link_decisions.csv). Null: a run before it was recorded.';
comment on column run.sources_hash is 'Hash of the layouts in the home''s sources/. Null: a run before it was recorded.';
comment on column run.register_imports is 'How many imports of registers the run knew, the first of the home''s register history. Null: a run before it was recorded.';
comment on column run.registers is 'The registers'' versions in use and their age at the as-of time; run_register has them as rows. Null: a run before they were recorded.';
comment on column run.threads is 'Threads that the run might use; they change no result. Null: a run before it was recorded.';
comment on column run.memory_limit is 'DuckDB''s memory limit; it changes no result. Null: a run before it was recorded.';

comment on table run_file is 'Which run found which input file in the lake first. The inputs of a run are the files of all runs up to it, without those that are gone. One row a run and file.';
comment on column run_file.run_id is 'The run; key of run. Of a home whose first runs did not record their files: the first run whose as-of time is not before the file''s.';
comment on column run_file.file_id is 'The file; key of source_file.';
comment on column run_file.name is 'Its name. Null: is_gone.';
comment on column run_file.first_reported_at is 'Time of its earliest fix, UTC. Null: it holds no position, or is_gone.';
comment on column run_file.last_reported_at is 'Time of its latest fix, UTC. Null: it holds no position, or is_gone.';
comment on column run_file.is_gone is 'Whether the run missed the file that a run before had: a backup of the lake was put back.';

comment on table run_register is 'Which version of each register a run used, the newest at hand, and how old it was. One row a run and register; none of runs before this was recorded.';
comment on column run_register.run_id is 'The run; key of run.';
comment on column run_register.register is 'Id of the register.';
comment on column run_register.link_source is 'Name of the register for readers.';
comment on column run_register.published_on is 'Up to which day the version is right.';
comment on column run_register.age_days is 'Days from there to the as-of time.';
comment on column run_register.file_hash is 'blake2b-256 of the list''s file, hexadecimal.';

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

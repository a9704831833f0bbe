-- Comments on the relations of this folder and their columns, with units and the meaning of null.
-- Grain: one relation or column.

comment on view position is 'All AIS fixes of the lake, plausible or not. One row per fix (mmsi, reported_at, lon, lat); a fix that occurs in several files is kept once.';
comment on column position.mmsi is 'Maritime Mobile Service Identity of the transmitter: nine digits, the first 2 to 7. Never null.';
comment on column position.reported_at is 'When the fix was taken, UTC. Never null.';
comment on column position.lon is 'Longitude, degrees WGS 84, east positive, rounded to 0.00001. Never null.';
comment on column position.lat is 'Latitude, degrees WGS 84, north positive, rounded to 0.00001. Never null.';
comment on column position.sog_kn is 'Speed over ground, knots. Null: not available.';
comment on column position.cog_deg is 'Course over ground, degrees from true north, 0 to below 360. Null: not available.';
comment on column position.heading_deg is 'True heading, degrees, 0 to below 360. Null: not available.';
comment on column position.nav_status is 'AIS navigational status, code of ITU-R M.1371: 0 under way, 1 at anchor, 5 moored and so on. Null: not available.';
comment on column position.imo is 'IMO number of the hull as transmitted, seven digits with a valid check digit. Null: none transmitted, or the check digit is wrong.';
comment on column position.vessel_name is 'Name of the ship as transmitted; the sender can enter any text. Null: none.';
comment on column position.call_sign is 'Radio call sign as transmitted. Null: none.';
comment on column position.ship_type is 'AIS ship type, code of ITU-R M.1371: 80 to 89 is a tanker. Null: not available.';
comment on column position.length_m is 'Length of the ship as transmitted, metres. Null: not available.';
comment on column position.beam_m is 'Beam of the ship as transmitted, metres. Null: not available.';
comment on column position.draught_m is 'Present draught as entered by the crew, metres. Null: not available.';
comment on column position.destination is 'Destination as entered by the crew. Null: none, or the source does not publish it.';
comment on column position.source is 'Id of the source whose layout the input file has.';
comment on column position.file_id is 'The input file that holds the fix; key of source_file. Where several files hold it, the lowest file_id.';
comment on column position.reported_on is 'Day of reported_at, in UTC, for grouping. A condition on reported_at reads fewer files than one on this column.';

comment on view reject is 'Every input row that is not a valid position, with the reason. One row per line of an input file.';
comment on column reject.file_id is 'The input file; key of source_file.';
comment on column reject.line is 'Line number in the decompressed file, counted from 1, header included; of Parquet the number of the row, of NMEA the first line of the message.';
comment on column reject.reason is 'Why the line is not a valid position, in words.';
comment on column reject.raw is 'The text of the line, of Parquet the columns that are read as CSV; first 1,000 characters at most.';

comment on table source_file is 'Every input file and what became of its rows: rows_read = rows_kept + rows_repeated + rows_rejected + rows_static. One row per file.';
comment on column source_file.file_id is 'blake2b-256 hash of the decompressed content, hexadecimal: files with the same content are one file, whatever their names.';
comment on column source_file.name is 'Name of the file, or of the archive member, under which its content was first ingested.';
comment on column source_file.source is 'Id of the source whose layout the file has.';
comment on column source_file.rows_read is 'Lines of the file, headers and empty lines excluded.';
comment on column source_file.rows_kept is 'Rows that are in position under this file.';
comment on column source_file.rows_repeated is 'Rows whose fix is already in the lake from another line or file.';
comment on column source_file.rows_rejected is 'Rows that are not valid positions; they are in reject.';
comment on column source_file.rows_static is 'Static reports in rows of their own, without a position: their data are joined to the positions of the same MMSI on the same day in this file.';
comment on column source_file.first_reported_at is 'Time of the earliest fix in the file, kept or repeated, UTC. Null: the file has no positions.';
comment on column source_file.last_reported_at is 'Time of the latest fix in the file, kept or repeated, UTC. Null: the file has no positions.';
comment on column source_file.ingested_at is 'As-of time of the run that ingested the file, UTC.';

comment on table outbox is 'Log of the mails: a record before each attempt and one for each result. Clients other than barometer sql see it as of the last run. One row per record.';
comment on column outbox.outbox_id is 'Number of the record, from 1, in the order written.';
comment on column outbox.week is 'ISO week of the report.';
comment on column outbox.week_state is 'State of the week when it was sent, as in barometer.';
comment on column outbox.version is 'Hash of the week''s published counts and states; a different hash is a different version. Without a leading n: written by an earlier release, which hashed the CSV files.';
comment on column outbox.recipients is 'The addresses that the record applies to.';
comment on column outbox.state is 'sending (before an attempt), sent, failed, or unclear: may have been delivered, and is not sent again automatically. A record sending without a later record is unclear too.';
comment on column outbox.recorded_at is 'When the record was written, UTC.';
comment on column outbox.attempt is 'Number of the attempt for this version of the week, from 1.';
comment on column outbox.message_id is 'Message-ID of the mail, the same for all attempts at one version.';
comment on column outbox.error is 'Why it failed or is unclear. Null: it succeeded, or no result yet.';
comment on column outbox.next_try_at is 'Earliest time of the next automatic attempt, UTC. Null: no automatic attempt.';

comment on table port is 'The ports, each with its outer fence. One row per port.';
comment on column port.port_id is 'UN/LOCODE without the space, such as IRKHK; a terminal without one has IR- and three letters.';
comment on column port.name is 'Name of the port.';
comment on column port.water is 'Body of water: Persian Gulf, Gulf of Oman or Caspian; others for Russian ports.';
comment on column port.country is 'Country of the port, ISO 3166-1 alpha-2.';
comment on column port.kind is 'Kind of port, such as oil terminal; roads have no berth.';
comment on column port.usual_tanker_calls is 'Usual number of tanker calls a year: the weight of the port in the observed share of the coast, in series of tankers. Null: unknown; the port has no weight.';
comment on column port.usual_tanker_calls_source is 'Source of usual_tanker_calls, or why it is unknown.';
comment on column port.geometry_wkb is 'The outer fence (port limit) as WKB, degrees WGS 84, lon before lat.';
comment on column port.geometry_geojson is 'The outer fence (port limit) as GeoJSON text, degrees WGS 84, lon before lat.';
comment on column port.source is 'What the outer fence was drawn from.';
comment on column port.accuracy_m is 'Accuracy of the fence, metres.';
comment on column port.trade_tier is 'Link tier of a tanker''s call at this Russian oil port: moderate or weak. Null: not a Russian oil port.';
comment on column port.lon is 'Longitude of a point inside the outer fence, for map labels (not a gazetteer''s point), degrees WGS 84, rounded to 0.00001.';
comment on column port.lat is 'Latitude of that point, in degrees WGS 84, rounded to 0.00001.';

comment on table port_area is 'The fences of the ports: outer limits, anchorages and berths, and dry land within them. One row per polygon.';
comment on column port_area.area_id is 'Id of the polygon: port_id, kind, and a name where a port has several of that kind.';
comment on column port_area.port_id is 'The port that the polygon belongs to.';
comment on column port_area.name is 'Name of the quay, mooring, roads or limit.';
comment on column port_area.water is 'Body of water of the port: Persian Gulf, Gulf of Oman or Caspian; others for Russian ports.';
comment on column port_area.country is 'Country of the port, ISO 3166-1 alpha-2.';
comment on column port_area.kind is 'port_limit (outer fence), anchorage (waiting area), berth (quay, jetty or single-point mooring) or land (dry land within a limit, where a stop is no call).';
comment on column port_area.serves is 'Port ids of the ports that share these roads, as a JSON list. Null: the polygon belongs to its own port only.';
comment on column port_area.geometry_wkb is 'The polygon as WKB, degrees WGS 84, lon before lat.';
comment on column port_area.geometry_geojson is 'The polygon as GeoJSON text, degrees WGS 84, lon before lat.';
comment on column port_area.source is 'What the polygon was drawn from: a gazetteer entry, a cluster of stationary ships, or general knowledge.';
comment on column port_area.accuracy_m is 'Accuracy of the polygon, metres.';
comment on column port_area.lon is 'Longitude of a point inside the polygon, degrees WGS 84, rounded to 0.00001.';
comment on column port_area.lat is 'Latitude of that point, degrees WGS 84, rounded to 0.00001.';

comment on table meta is 'What this catalogue was built from. One row per key.';
comment on column meta.key is 'format, code_version, as_of (UTC), time_zone (how other clients get times in UTC), inputs_hash, fences_hash, method_hash, exactness_hash (how exact the lake''s sources are) or registers_hash; home: the folder of the Parquet files that position and reject read at the time of the build (wrong after the home was copied elsewhere); known_on: only in a catalogue with links as known on an earlier day.';
comment on column meta.value is 'The value as text.';

comment on table run is 'The runs of this home; the last one built this catalogue. One row per run.';
comment on column run.run_id is 'Number of the run, from 1.';
comment on column run.as_of is 'As-of time of the run, UTC: fixes after it are in the future, and weeks that end after it are open.';
comment on column run.code_version is 'Version of the program.';
comment on column run.inputs_hash is 'Hash of the file ids of all input files in the lake.';
comment on column run.fences_hash is 'Hash of the files that hold the ports and their fences.';
comment on column run.registers_hash is 'Hash of the registers, bundled and imported, and of the link decisions.';
comment on column run.files_ingested is 'Input files that the run ingested.';
comment on column run.files_known is 'Input files that the run skipped because their content was in the lake already.';
comment on column run.files_failed is 'Input files that the run could not ingest.';
comment on column run.code_hash is 'Hash of the code, the queries and the code tables; it may differ between builds of the same code_version. Null: a run from before the hash was recorded.';
comment on column run.method_hash is 'Hash of the code that detects port calls, and of nothing else. Null: a run from before it was recorded.';
comment on column run.bundled_hash is 'Hash of the bundled registers. Null: a run from before it was recorded.';
comment on column run.decisions_hash is 'Hash of the link decisions (link_decisions.csv). Null: a run from before it was recorded.';
comment on column run.sources_hash is 'Hash of the source definitions in the home''s sources/. Null: a run from before it was recorded.';
comment on column run.register_imports is 'Number of register imports that the run used, counted from the start of the home''s register history. Null: a run from before it was recorded.';
comment on column run.registers is 'The register versions used and their age at the as-of time, as text; run_register has them as rows. Null: a run from before they were recorded.';
comment on column run.threads is 'Number of threads allowed; it does not affect results. Null: a run from before it was recorded.';
comment on column run.memory_limit is 'DuckDB''s memory limit; it does not affect results. Null: a run from before it was recorded.';

comment on table run_file is 'The run that first saw each input file in the lake. The inputs of a run are the files of this and all earlier runs, less those marked is_gone. One row per run and file.';
comment on column run_file.run_id is 'The run; key of run. For homes whose first runs did not record their files: the first run whose as-of time is not before the file''s.';
comment on column run_file.file_id is 'The file; key of source_file.';
comment on column run_file.name is 'Name of the file. Null: is_gone.';
comment on column run_file.first_reported_at is 'Time of the earliest fix in the file, UTC. Null: it has no positions, or is_gone.';
comment on column run_file.last_reported_at is 'Time of the latest fix in the file, UTC. Null: it has no positions, or is_gone.';
comment on column run_file.is_gone is 'Whether the file was in the lake in the previous run and is missing in this one, such as after restoring a backup of the lake.';

comment on table run_register is 'The version of each register that a run used, which is the newest one available to it, and its age. One row per run and register; none for runs from before this was recorded.';
comment on column run_register.run_id is 'The run; key of run.';
comment on column run_register.register is 'Id of the register.';
comment on column run_register.link_source is 'Display name of the register.';
comment on column run_register.published_on is 'Day up to which the version is current.';
comment on column run_register.age_days is 'Days from published_on to the as-of time.';
comment on column run_register.file_hash is 'blake2b-256 hash of the list''s file, hexadecimal.';

comment on table source_terms is 'Publisher, terms and exactness of each source of positions and each witness, and of each register that can be fetched, from the definitions of the program and the home. One row per source, witness or register, used or not.';
comment on column source_terms.source is 'Name of the source, as in position.source, or of the witness; id of the register.';
comment on column source_terms.publisher is 'Who publishes it.';
comment on column source_terms.licence is 'The terms under which it may be used.';
comment on column source_terms.citation is 'How the publisher wants to be cited wherever its numbers are shown. Null: not known.';
comment on column source_terms.position_accuracy_m is 'How far the place of a fix may be from the ship''s, metres. Null: a witness or register.';
comment on column source_terms.time_step_s is 'A fix was made at reported_at or up to so many seconds later: 1 for times to the second, 3600 for cells of an hour. Null: a witness or register.';

comment on table mid is 'The Maritime Identification Digits (ITU) and their flags. One row per MID.';
comment on column mid.mid is 'The first three digits of a ship''s MMSI.';
comment on column mid.country_code is 'Country or territory to which the digits are allocated, ISO 3166-1 alpha-2.';
comment on column mid.country_name is 'Short English name of the country or territory.';

comment on table sea_distance is 'The shortest way by sea between each Iranian port and each Russian oil port, along a network of waypoints (data/sea_ways) that was drawn from general knowledge, unverified: through Suez rather than round Africa. One row per pair of ports with such a way; none between the Caspian and other seas, as the rivers and canals between them are not in the network.';
comment on column sea_distance.port_id is 'The Iranian port; key of port.';
comment on column sea_distance.russian_port_id is 'The Russian oil port, a port_id of port.';
comment on column sea_distance.distance_nm is 'Length of the way, nautical miles: great circles between waypoints, so a lower bound of the way sailed.';

comment on table week is 'The ISO 8601 weeks from the first to the last with input, without omissions. One row per week.';
comment on column week.week is 'ISO week such as 2026-W16, in UTC.';
comment on column week.week_start is 'Monday of the week.';
comment on column week.starts_at is 'Start of the week, Monday 00:00 UTC, inclusive.';
comment on column week.ends_at is 'End of the week, the next Monday 00:00 UTC, exclusive.';
comment on column week.hours_passed is 'Full hours of the week elapsed at the as-of time, 0 to 168.';
comment on column week.is_open is 'Whether the week ends after the as-of time, or the lake has no fix at or after its Sunday 23:00 UTC: its counts are provisional.';

comment on table rule is 'The numbers of the method that several files or a page use (data/rules.csv). One row per number.';
comment on column rule.name is 'Name, ending with the unit where there is one.';
comment on column rule.value is 'Value, in the unit.';
comment on column rule.unit is 'Unit. Null: a share, a ratio or a plain number.';
comment on column rule.source is 'Publication, or a choice and its reason.';

comment on table series is 'The weekly series, with the ships and ports that each counts. The headline of the reports is russian_linked_tankers; the others stand below it and are never added to it. One row per series.';
comment on column series.series is 'Key of the series, in counted_call and all weekly and published relations.';
comment on column series.title is 'Display name of the series.';
comment on column series.cargo is 'Ships counted: tanker, as in hull; or dry cargo, ships that the registers list as general cargo, bulk, container or ro-ro ships, else those of AIS type 70 to 79 (cargo).';
comment on column series.ports is 'Ports counted: Iran for all Iranian ports, a water as in port (Persian Gulf, Gulf of Oman, Caspian), or the port_id of one Iranian port.';

comment on table series_port is 'The Iranian ports that each series counts. One row per series and port.';
comment on column series_port.series is 'Key of the series.';
comment on column series_port.cargo is 'Ships counted, as in series.';
comment on column series_port.port_id is 'Port.';
comment on column series_port.weight is 'Weight of the port in the share heard of the series: its usual tanker calls a year in series of tankers at several ports, else 1. Null: unknown; the port has no weight.';

comment on table source_fetch is 'Attempts of the schedule to fetch from sources and witnesses, up to the as-of time. One row per attempt at one source.';
comment on column source_fetch.attempt is 'Number of the attempt in the home, from 1.';
comment on column source_fetch.source is 'Name of the source or witness, as in barometer fetch.';
comment on column source_fetch.tried_at is 'As-of time of the attempt, UTC.';
comment on column source_fetch.state is 'fetched: all that was asked for and is published; failed: not all of it.';
comment on column source_fetch.message is 'Reason and remedy. Null: nothing to report.';

-- Comments on the relations of this folder and their columns, with units and the meaning of null.
-- Grain: one relation or column.

comment on table register_version is 'The versions of the registers, bundled and imported: which list, and its date; without imports that were removed. One row per version.';
comment on column register_version.version is 'Number of the version, ordered by published_on.';
comment on column register_version.register is 'Id of the register, such as ofac-sdn; a team''s own list has team: and its name.';
comment on column register_version.link_source is 'Display name of the register.';
comment on column register_version.published_on is 'Day up to which the list is current: as given at the import, else as given in the list, else the newest date in it. For a team''s own list, the day of the import.';
comment on column register_version.imported_at is 'As-of time of the import, UTC. Null: bundled with Barometer.';
comment on column register_version.name is 'File name.';
comment on column register_version.entries is 'Number of ship entries in it.';
comment on column register_version.import_number is 'Number of the import in the home, as shown by barometer register list. Null: bundled with Barometer.';
comment on column register_version.accepted is 'Warnings accepted with --accept-loss at the import, such as ships missing from the list. Null: none.';
comment on column register_version.is_newest is 'Whether it is the newest version of its register, on which today''s links are based.';

comment on table register_age is 'The age of each register. One row per register.';
comment on column register_age.link_source is 'Display name of the register.';
comment on column register_age.published_on is 'Day up to which its newest version is current.';
comment on column register_age.old_from is 'First day on which that is more than 60 days ago: by then a sanctions list has usually missed a round of listings.';
comment on column register_age.is_old is 'Whether old_from has been reached at the as-of time.';

comment on table register_reject is 'Entries and fields that imports of lists did not take over, with the reason. One row per rejected entry or field.';
comment on column register_reject.register is 'Id of the register.';
comment on column register_reject.published_on is 'Date of the version, as in register_version.';
comment on column register_reject.line is 'Line of the file, from 1; for a JSON list, the number of the entry.';
comment on column register_reject.reason is 'What is wrong, in words.';
comment on column register_reject.raw is 'The text, first 200 characters at most.';
comment on column register_reject.is_whole is 'Whether the whole entry was rejected, or only one field of it.';

comment on table programme is 'Meaning of the programme tags of the registers. One row per register and tag.';
comment on column programme.register is 'Id of the register.';
comment on column programme.programme is 'The tag as the publisher writes it, or its prefix.';
comment on column programme.is_prefix is 'Whether the row applies to all tags with this prefix; an exact tag takes precedence.';
comment on column programme.country is 'Country that the programme concerns, ISO 3166-1 alpha-2. Null: no single country.';
comment on column programme.link_tier is 'Link tier of a listing under the programme: strong, moderate or weak. Null: no evidence of a link to Russia.';
comment on column programme.link_reason is 'Kind of evidence, as in vessel_link. Null: none.';
comment on column programme.link_source is 'Display name of the legal act. Null: the register''s own name is used.';
comment on column programme.title is 'Title of the programme.';
comment on column programme.source is 'Source of this meaning.';

comment on table link_decision is 'Decisions by people on whether a transmitter belongs to a hull, from link_decisions.csv in the home. A decision overrides transmitted IMO numbers and MMSIs given in lists; of several for the same ship, hull and day the last applies. One row per decision.';
comment on column link_decision.line is 'Number of the decision in the file, from 1, invalid rows not counted.';
comment on column link_decision.mmsi is 'The transmitter.';
comment on column link_decision.imo is 'IMO number of the hull.';
comment on column link_decision.decision is 'confirm: the ship transmitting the MMSI is the hull; refuse: it is not, whatever IMO number it transmits.';
comment on column link_decision.valid_from is 'Start of validity, UTC. Null: no start.';
comment on column link_decision.valid_to is 'End of validity, UTC, exclusive. Null: no end.';
comment on column link_decision.decided_by is 'Person who decided. Null: not given.';
comment on column link_decision.decided_on is 'Day of the decision. Null: not given.';
comment on column link_decision.why is 'Reason for the decision. Null: not given.';

comment on table register_entry is 'Every ship of every register, heard or not, whatever the programme concerns, as described by the newest version that has the entry. One row per entry of a hull under a programme.';
comment on column register_entry.register is 'Id of the register.';
comment on column register_entry.link_source is 'Display name of the legal act or register.';
comment on column register_entry.reference is 'The publisher''s number of the entry.';
comment on column register_entry.programme is 'The publisher''s tag of the programme. Null: none.';
comment on column register_entry.imo is 'IMO number of the hull. Null: the list has none with a valid check digit.';
comment on column register_entry.mmsis is 'MMSIs given in the list; empty if none.';
comment on column register_entry.vessel_name is 'Name in the list. Null: none.';
comment on column register_entry.former_names is 'Former and other names in the list; empty if none.';
comment on column register_entry.call_sign is 'Call sign in the list. Null: none.';
comment on column register_entry.flag is 'Flag in the list, ISO 3166-1 alpha-2. Null: none, or not recognised.';
comment on column register_entry.vessel_type is 'Type of ship as worded in the list. Null: not given.';
comment on column register_entry.deadweight_t is 'Deadweight in the list, tonnes. Null: not given.';
comment on column register_entry.gross_t is 'Gross tonnage in the list (no unit of mass). Null: not given.';
comment on column register_entry.length_m is 'Length in the list, metres. Null: not given.';
comment on column register_entry.built_year is 'Year of build in the list. Null: not given.';
comment on column register_entry.ground is 'The publisher''s short reason for the listing. Null: not given.';
comment on column register_entry.country is 'Country that the programme concerns, ISO 3166-1 alpha-2. Null: no single country, or an unknown tag.';
comment on column register_entry.link_tier is 'Strength of the entry as evidence of a link to Russia: strong, moderate or weak. Null: no evidence.';
comment on column register_entry.link_reason is 'Kind of evidence, as in vessel_link; scrapped: listed as broken up or lost. Null: none.';
comment on column register_entry.is_known_programme is 'Whether the tag is in the relation programme.';
comment on column register_entry.listed_on is 'Day from which the listing applies, as published. Null: not published.';
comment on column register_entry.delisted_on is 'Day on which the listing ended, as published. Null: still in force, or the day is not published; see gone_by.';
comment on column register_entry.gone_by is 'Date of the first later version that lacks the entry or marks it as removed. Null: there is none; a version that has the ship under an unknown programme tag does not count. A ship listed again has one entry per listing.';
comment on column register_entry.valid_from is 'Start of validity of the evidence as given in the list, UTC. Null: not given.';
comment on column register_entry.valid_to is 'End of validity as given in the list, UTC, exclusive. Null: not given.';
comment on column register_entry.first_seen_on is 'Date of the first version that has the entry.';
comment on column register_entry.last_seen_on is 'Date of the last version that has it.';
comment on column register_entry.known_from is 'First day on which the entry was public: listed_on, else first_seen_on.';

comment on table register_ship is 'Description of a hull in the registers. One row per IMO number in any register.';
comment on column register_ship.imo is 'IMO number of the hull.';
comment on column register_ship.vessel_names is 'All names in all registers.';
comment on column register_ship.call_signs is 'All call signs.';
comment on column register_ship.mmsis is 'All MMSIs.';
comment on column register_ship.vessel_types is 'All types as worded in the registers, separated by semicolons. Null: none.';
comment on column register_ship.is_tanker is 'Whether it is a tanker by the majority of the registers that give a type. Null: no register gives one, or there is a tie.';
comment on column register_ship.tanker_kind is 'crude, product, chemical or gas. Null: not a tanker, not given, or the registers differ.';
comment on column register_ship.length_m is 'Length, metres. Null: not given.';
comment on column register_ship.deadweight_t is 'Deadweight, tonnes. Null: not given.';
comment on column register_ship.gross_t is 'Gross tonnage (no unit of mass). Null: not given.';
comment on column register_ship.sizes is 'Sizes as given by each register, without duplicates: length in metres, gross tonnage, deadweight in tonnes. Empty: none given.';
comment on column register_ship.built_year is 'Year of build. Null: not given.';
comment on column register_ship.scrapped_on is 'Day from which a team''s list has the hull as broken up or lost. Null: not listed as such.';
comment on column register_ship.is_dry_cargo is 'Whether it carries dry cargo (general, bulk, containers, ro-ro) by the majority of the registers that give a type. Null: no register gives one, or there is a tie.';

comment on table list_fetch is 'Attempts to refresh lists from their publishers, up to the as-of time. One row per attempt at one list.';
comment on column list_fetch.attempt is 'Number of the attempt in the home, from 1.';
comment on column list_fetch.list_id is 'Name of the list, as in barometer register fetch.';
comment on column list_fetch.register is 'Id of the register of which it is a version.';
comment on column list_fetch.tried_at is 'As-of time of the attempt, UTC.';
comment on column list_fetch.state is 'imported; known: the publisher has nothing newer; failed: not got from the publisher; refused: got, and not accepted by the import.';
comment on column list_fetch.message is 'Reason and remedy. Null: nothing to report.';
comment on column list_fetch.in_force_on is 'Day of the version that links followed after the attempt. Null: there was none.';

comment on table listing_change is 'Ships newly listed or delisted under a programme about Russia: each imported list against the one in force before it. Ships without an IMO number are not compared. One row per hull, register and version.';
comment on column listing_change.version is 'The version, as in register_version.';
comment on column listing_change.week is 'ISO week whose report names the change: the last one that had ended when the list was imported.';
comment on column listing_change.change is 'listed: under such a programme in this version, and under none in the one before; delisted: the reverse. A move between such programmes of one register is neither, nor is one to or from an unknown tag.';
comment on column listing_change.register is 'Id of the register.';
comment on column listing_change.link_source is 'Display name of the legal act or register.';
comment on column listing_change.imo is 'IMO number of the hull.';
comment on column listing_change.vessel_name is 'Name in the list. Null: none.';
comment on column listing_change.programmes is 'The publisher''s tags, separated by semicolons: of this version, for a delisting of the one before.';
comment on column listing_change.link_tier is 'Strength of the listing as evidence of a link to Russia: strong, moderate or weak.';
comment on column listing_change.listed_on is 'Day from which the listing applies, as published. Null: not published.';
comment on column listing_change.published_on is 'Day of this version.';
comment on column listing_change.published_before is 'Day of the version in force before it.';

-- What the relations of this folder hold, by relation and column, with units.
-- Grain: one relation or column.

comment on table register_version is 'The versions of the registers at hand: which list, as it stood on which day, bundled or imported; without imports that were removed. One row a version.';
comment on column register_version.version is 'Number of the version, in the order of the days of the lists.';
comment on column register_version.register is 'Id of the register, such as ofac-sdn; a team''s own list is team: and its name.';
comment on column register_version.link_source is 'Name of the register for readers.';
comment on column register_version.published_on is 'Up to which day the list is right: as the person who imported it gave it, as the list gives it, else the newest day in it. Of a team''s own list the day of the import.';
comment on column register_version.imported_at is 'When it was imported, as-of time, UTC. Null: it came with Barometer.';
comment on column register_version.name is 'Name of the file.';
comment on column register_version.entries is 'Entries of ships in it.';
comment on column register_version.import_number is 'Number of the import in the home, as barometer register list shows it. Null: it came with Barometer.';
comment on column register_version.accepted is 'What spoke against the list when it was imported with --accept-loss, such as ships that it lacks. Null: nothing.';
comment on column register_version.is_newest is 'Whether it is the newest version of its register, which today''s links follow.';

comment on table register_age is 'How old each register is. One row a register.';
comment on column register_age.link_source is 'Name of the register for readers.';
comment on column register_age.published_on is 'Up to which day its newest version is right.';
comment on column register_age.old_from is 'The first day on which that is more than 60 days ago: a list then misses a package of listings.';
comment on column register_age.is_old is 'Whether it is so at the as-of time.';

comment on table register_reject is 'What the imports of lists did not take over, and why. One row a piece of junk.';
comment on column register_reject.register is 'Id of the register.';
comment on column register_reject.published_on is 'The version.';
comment on column register_reject.line is 'Line of the file at which it stands, from 1; of a JSON list the number of the entry.';
comment on column register_reject.reason is 'What is wrong, in words.';
comment on column register_reject.raw is 'The text, at most 200 characters of it.';
comment on column register_reject.is_whole is 'Whether the whole entry is lost, or one field of it left out.';

comment on table programme is 'What a tag of a register means. One row a register and tag.';
comment on column programme.register is 'Id of the register.';
comment on column programme.programme is 'The tag as the publisher writes it, or how it begins.';
comment on column programme.is_prefix is 'Whether it stands for all tags that begin so; a tag of its own goes first.';
comment on column programme.country is 'The country that the programme is about, ISO 3166-1 alpha-2. Null: no one country''s.';
comment on column programme.link_tier is 'What a listing proves about Russia: strong, moderate or weak. Null: nothing.';
comment on column programme.link_reason is 'The kind of that evidence, as in vessel_link. Null: none.';
comment on column programme.link_source is 'The act for readers. Null: the register''s own name stands.';
comment on column programme.title is 'What the programme is.';
comment on column programme.source is 'Where that is said.';

comment on table link_decision is 'What persons decided about a transmitter and a hull, from link_decisions.csv in the home. It wins over what the ship sends and over the lists'' MMSIs; of several about one ship, hull and day the last stands. One row a decision.';
comment on column link_decision.line is 'Number of the decision in the file, from 1, the ones that are none left out.';
comment on column link_decision.mmsi is 'The transmitter.';
comment on column link_decision.imo is 'IMO number of the hull.';
comment on column link_decision.decision is 'confirm: the ship that sent the MMSI is the hull; refuse: it is not, whatever it sends.';
comment on column link_decision.valid_from is 'From when, UTC. Null: from the beginning.';
comment on column link_decision.valid_to is 'Until when, UTC, that moment no longer. Null: without end.';
comment on column link_decision.decided_by is 'Who decided. Null: not said.';
comment on column link_decision.decided_on is 'On which day. Null: not said.';
comment on column link_decision.why is 'For which reason. Null: not said.';

comment on table register_entry is 'Every ship of every register, heard or not, whatever the programme is about, as the newest version that holds it describes it. One row an entry of a hull under a programme.';
comment on column register_entry.register is 'Id of the register.';
comment on column register_entry.link_source is 'The act or register for readers.';
comment on column register_entry.reference is 'The publisher''s number of the entry.';
comment on column register_entry.programme is 'The publisher''s tag of the programme. Null: it has none.';
comment on column register_entry.imo is 'IMO number of the hull. Null: the list gives none with a right check digit.';
comment on column register_entry.mmsis is 'MMSIs that the list gives; empty where it gives none.';
comment on column register_entry.vessel_name is 'Name in the list. Null: none.';
comment on column register_entry.former_names is 'Former and other names in the list; empty where there is none.';
comment on column register_entry.call_sign is 'Call sign in the list. Null: none.';
comment on column register_entry.flag is 'Flag in the list, ISO 3166-1 alpha-2. Null: none, or not told.';
comment on column register_entry.vessel_type is 'What kind of ship the list says it is, in its own words. Null: not said.';
comment on column register_entry.deadweight_t is 'Deadweight in the list, tonnes. Null: not said.';
comment on column register_entry.gross_t is 'Gross tonnage in the list (no unit of mass). Null: not said.';
comment on column register_entry.length_m is 'Length in the list, metres. Null: not said.';
comment on column register_entry.built_year is 'Year of build in the list. Null: not said.';
comment on column register_entry.ground is 'The publisher''s short reason. Null: not said.';
comment on column register_entry.country is 'The country that the programme is about, ISO 3166-1 alpha-2. Null: no one country''s, or the tag is not known.';
comment on column register_entry.link_tier is 'What the entry proves about Russia: strong, moderate or weak. Null: nothing.';
comment on column register_entry.link_reason is 'The kind of that evidence, as in vessel_link; scrapped where a list says that the hull is no more. Null: none.';
comment on column register_entry.is_known_programme is 'Whether the relation programme knows the tag.';
comment on column register_entry.listed_on is 'Day from which the listing applies, as the publisher says. Null: he does not.';
comment on column register_entry.delisted_on is 'Day on which the listing ended, as the publisher says. Null: it stands, or the day is not known: see gone_by.';
comment on column register_entry.gone_by is 'Day of the first later version that lacks the entry or says that it is off the list. Null: no later one does; one that has the ship under a key that is not known does not. A ship that comes back has an entry for each time.';
comment on column register_entry.valid_from is 'From when the list says that the evidence holds, UTC. Null: it does not say.';
comment on column register_entry.valid_to is 'Until when, UTC, that moment no longer. Null: it does not say.';
comment on column register_entry.first_seen_on is 'Day of the first version at hand that has the entry.';
comment on column register_entry.last_seen_on is 'Day of the last one.';
comment on column register_entry.known_from is 'The first day on which anyone could know it from the list: listed_on, else first_seen_on.';

comment on table register_ship is 'What the registers say of a hull itself. One row an IMO number of any register.';
comment on column register_ship.imo is 'IMO number of the hull.';
comment on column register_ship.vessel_names is 'Every name of every register.';
comment on column register_ship.call_signs is 'Every call sign.';
comment on column register_ship.mmsis is 'Every MMSI.';
comment on column register_ship.vessel_types is 'Every word for its type, joined by semicolons. Null: none.';
comment on column register_ship.is_tanker is 'Whether it is a tanker by most registers that say. Null: none says, or as many say yes as no.';
comment on column register_ship.tanker_kind is 'crude, product, chemical or gas. Null: no tanker, not said, or the registers differ.';
comment on column register_ship.length_m is 'Length, metres. Null: not said.';
comment on column register_ship.deadweight_t is 'Deadweight, tonnes. Null: not said.';
comment on column register_ship.gross_t is 'Gross tonnage (no unit of mass). Null: not said.';
comment on column register_ship.sizes is 'What each register says of the size, each combination once: length in metres, gross tonnage, deadweight in tonnes. Empty: none says any.';
comment on column register_ship.built_year is 'Year of build. Null: not said.';
comment on column register_ship.scrapped_on is 'Day from which a team''s list says that the hull is no more. Null: none says so.';

-- What the relations of this folder hold, by relation and column, with units.
-- Grain: one relation or column.

comment on table trade_call is 'Calls at Russian oil ports, found by the same detector as those at Iranian ones. One row a call.';
comment on column trade_call.port_call_id is 'The call; key of track_call.';
comment on column trade_call.track_id is 'The track, as in port_call.';
comment on column trade_call.mmsi is 'MMSI of the transmitter.';
comment on column trade_call.hull_id is 'The hull; key of hull.';
comment on column trade_call.imo is 'IMO number of the hull. Null: none that holds.';
comment on column trade_call.vessel_name is 'Name as in port_call. Null: none sent.';
comment on column trade_call.is_tanker is 'Whether the hull is a tanker. Null: nothing says.';
comment on column trade_call.port_id is 'The port.';
comment on column trade_call.port_name is 'Its name.';
comment on column trade_call.trade_tier is 'What a call there proves: moderate, or weak where the oil is mostly another country''s.';
comment on column trade_call.area_kind is 'berth or anchorage.';
comment on column trade_call.arrived_at is 'First credible fix of the stay inside the limit, UTC, as in port_call.';
comment on column trade_call.departed_at is 'Last credible fix of the stay inside the limit, UTC, as in port_call. Null: in port at the end of the data.';
comment on column trade_call.departed_by is 'The credible fix just after departed_at, UTC, where the departure was not seen, as in port_call. Null: it was seen, she is in port, or no such fix.';
comment on column trade_call.fixes is 'Credible fixes inside, as in port_call.';
comment on column trade_call.confidence is '1 to 4, as in track_call: from the ship''s own track alone; evidence takes 2 and up.';

comment on table strait_passage is 'Passages of the Danish straits out of the Baltic. One row a passage of a transmitter.';
comment on column strait_passage.mmsi is 'The transmitter.';
comment on column strait_passage.strait is 'The straits.';
comment on column strait_passage.left_east_at is 'Last fix on the eastern side, UTC.';
comment on column strait_passage.reached_west_at is 'First fix on the western side, UTC.';
comment on column strait_passage.draught_m is 'Draught sent last on this passage, from the eastern side on, metres. Null: none.';
comment on column strait_passage.length_m is 'Length sent last on this passage, metres. Null: none.';
comment on column strait_passage.is_laden is 'Whether the draught is a twentieth of the length or more. Null: one of them was not sent.';

comment on table russian_destination is 'AIS destinations that name a Russian port or the country. One row a transmitter, IMO number sent, port and time: 30 days without a fix that names the port end it.';
comment on column russian_destination.mmsi is 'The transmitter.';
comment on column russian_destination.imo is 'IMO number sent with it. Null: none.';
comment on column russian_destination.port_id is 'The port, UN/LOCODE without its space. Null: the country alone.';
comment on column russian_destination.port_name is 'Its name.';
comment on column russian_destination.destination is 'The destination, its words in capitals; of several the first by the alphabet.';
comment on column russian_destination.first_at is 'First fix with such a destination, UTC.';
comment on column russian_destination.last_at is 'Last one, UTC.';

comment on table vessel_link is 'Evidence that ties a hull to Russia, each piece dated and sourced, for every hull of every register, heard or not. One row a piece of evidence.';
comment on column vessel_link.imo is 'IMO number of the hull. Null: the evidence knows the transmitter only.';
comment on column vessel_link.mmsi is 'MMSI of the transmitter that the evidence is of. Null: a register''s evidence on the hull.';
comment on column vessel_link.link_tier is 'Strength of the evidence: strong or moderate, which count for the headline, or weak, which does not.';
comment on column vessel_link.link_reason is 'Kind of evidence: listed (by sanctions), flag, owner, trade (called at a Russian oil port) or destination.';
comment on column vessel_link.link_source is 'Where the evidence comes from, such as EU 833/2014; MMSI for a flag by MMSI, AIS for what a ship sent.';
comment on column vessel_link.reference is 'The entry in the source.';
comment on column vessel_link.programme is 'The sanctions programme. Null: the evidence is no listing, or its register names none.';
comment on column vessel_link.listed_on is 'Day from which the listing applies. Null: the evidence is no listing, or the list does not say the day.';
comment on column vessel_link.delisted_on is 'Day on which the listing ended. Null: it stands, or the evidence is no listing.';
comment on column vessel_link.valid_from is 'From when the evidence counts for calls, UTC. Null: from the beginning, as what is known today counts for all weeks.';
comment on column vessel_link.valid_to is 'Until when the evidence counts for calls, UTC, that moment no longer. Null: without end.';
comment on column vessel_link.matched_by is 'By what the evidence finds its ship: imo, or mmsi within the dates.';
comment on column vessel_link.hull_id is 'The ship; key of hull, which lacks ships that were never heard. Null: evidence that a register''s MMSI alone ties to a ship (matched_by mmsi).';
comment on column vessel_link.known_from is 'The first day on which anyone could know the evidence: of the listing, of the first version of the list that has it, or of the fix.';

comment on table evidence_at_hand is 'Which kinds of evidence the data can give for a week: what nothing gives cannot be counted as zero. One row a week.';
comment on column evidence_at_hand.week is 'ISO week.';
comment on column evidence_at_hand.has_listed is 'Whether a list about Russia names ships and is in force in the week.';
comment on column evidence_at_hand.has_flag is 'Whether a ship was heard near a port in the week whose MMSI names a country.';
comment on column evidence_at_hand.has_owner is 'Whether a list at hand names Russian owners of ships and is in force in the week.';
comment on column evidence_at_hand.has_trade is 'Whether a Russian oil port was heard in 0.3 of the hours of the 180 days before the week''s end, or a list in force gives trade.';
comment on column evidence_at_hand.has_iran_list is 'Whether a list at hand has ships under a programme about Iran in the week or later.';

comment on table call_evidence is 'The pieces of evidence that link the ship of a call to Russia, as valid for that call. One row a call and piece of evidence; a call without any has no row.';
comment on column call_evidence.port_call_id is 'The call; key of port_call.';
comment on column call_evidence.link_tier is 'Strength of the evidence: strong, moderate or weak.';
comment on column call_evidence.link_reason is 'Kind of evidence: listed, flag, owner, trade or destination.';
comment on column call_evidence.link_source is 'Where the evidence comes from, as in vessel_link.';
comment on column call_evidence.reference is 'The entry in the source.';
comment on column call_evidence.programme is 'The sanctions programme. Null: the evidence is no listing, or its register names none.';
comment on column call_evidence.listed_on is 'Day from which the listing applies. Null: the evidence is no listing.';
comment on column call_evidence.delisted_on is 'Day on which the listing ended. Null: it stands, or the evidence is no listing.';
comment on column call_evidence.matched_by is 'By what the evidence found the ship: imo; mmsi within the dates; decision, where a person said which hull it is; contested imo, a number that another ship sends too; same call, by another transmitter of the ship in the same call (joined_call).';
comment on column call_evidence.known_from is 'The first day on which anyone could know the evidence, as in vessel_link.';
comment on column call_evidence.was_known_at_call is 'Whether the evidence was there when the ship arrived: false for a listing that applies from a later day.';

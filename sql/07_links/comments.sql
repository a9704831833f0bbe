-- Comments on the relations of this folder and their columns, with units and the meaning of null.
-- Grain: one relation or column.

comment on table trade_call is 'Calls at Russian oil ports, detected in the same way as those at Iranian ports. One row per call.';
comment on column trade_call.port_call_id is 'The call; key of track_call.';
comment on column trade_call.track_id is 'The track, as in port_call.';
comment on column trade_call.mmsi is 'MMSI of the transmitter.';
comment on column trade_call.hull_id is 'The hull; key of hull.';
comment on column trade_call.imo is 'IMO number of the hull. Null: none that is accepted.';
comment on column trade_call.vessel_name is 'Name as in port_call. Null: none transmitted.';
comment on column trade_call.is_tanker is 'Whether the hull is a tanker. Null: type unknown.';
comment on column trade_call.port_id is 'The port.';
comment on column trade_call.port_name is 'Name of the port.';
comment on column trade_call.trade_tier is 'Link tier of the call: moderate, or weak where most of the oil is another country''s, and of a wait in the roads before such a berth.';
comment on column trade_call.area_kind is 'berth or anchorage.';
comment on column trade_call.arrived_at is 'First credible fix of the stay inside the limit, UTC, as in port_call.';
comment on column trade_call.departed_at is 'Last credible fix of the stay inside the limit, UTC, as in port_call. Null: in port at the end of the data.';
comment on column trade_call.departed_by is 'The credible fix just after departed_at, UTC, where the departure was not seen, as in port_call. Null: it was seen, the ship is in port, or there is no such fix.';
comment on column trade_call.fixes is 'Credible fixes inside, as in port_call.';
comment on column trade_call.confidence is '1 to 4, as in track_call: from the ship''s own track alone; calls with 2 or more are used as evidence.';
comment on column trade_call.port_water is 'The water of the port, as in port. A dry cargo ship is linked by calls in the Caspian alone.';

comment on table strait_passage is 'Passages of the Danish straits out of the Baltic. One row per passage of a transmitter.';
comment on column strait_passage.mmsi is 'The transmitter.';
comment on column strait_passage.strait is 'Name of the strait.';
comment on column strait_passage.left_east_at is 'Last fix on the eastern side, UTC.';
comment on column strait_passage.reached_west_at is 'First fix on the western side, UTC.';
comment on column strait_passage.draught_m is 'Last draught transmitted on this passage, from the eastern side on, metres. Null: none.';
comment on column strait_passage.length_m is 'Last length transmitted on this passage, metres. Null: none.';
comment on column strait_passage.is_laden is 'Whether the draught is at least a twentieth of the length. Null: draught or length was not transmitted.';

comment on table russian_destination is 'AIS destinations that name a Russian port or Russia. One row per transmitter, transmitted IMO number, port and period: 30 days without a fix with such a destination end a period.';
comment on column russian_destination.mmsi is 'The transmitter.';
comment on column russian_destination.imo is 'IMO number transmitted with it. Null: none.';
comment on column russian_destination.port_id is 'The port, UN/LOCODE without its space. Null: the country only.';
comment on column russian_destination.port_name is 'Name of the port.';
comment on column russian_destination.destination is 'The destination, its words in capitals; of several, the first in alphabetical order.';
comment on column russian_destination.first_at is 'First fix with such a destination, UTC.';
comment on column russian_destination.last_at is 'Last fix with such a destination, UTC.';

comment on table vessel_link is 'Evidence that links a hull to Russia, each piece with date and source, for every hull in any register, heard or not. One row per piece of evidence.';
comment on column vessel_link.imo is 'IMO number of the hull. Null: the evidence applies to a transmitter only.';
comment on column vessel_link.mmsi is 'MMSI of the transmitter to which the evidence applies. Null: a register''s evidence on the hull.';
comment on column vessel_link.link_tier is 'Strength of the evidence: strong or moderate, which count for the headline, or weak, which does not.';
comment on column vessel_link.link_reason is 'Kind of evidence: listed (under sanctions), flag, owner, trade (called at a Russian oil port), destination, or switch (a list of ships known to have carried both Russian and Iranian oil; weak until a person decides, link_decision).';
comment on column vessel_link.link_source is 'Source of the evidence, such as EU 833/2014; MMSI for a flag by MMSI, AIS for evidence from AIS data.';
comment on column vessel_link.reference is 'The entry in the source.';
comment on column vessel_link.programme is 'The sanctions programme. Null: the evidence is not a listing, or its register gives none.';
comment on column vessel_link.listed_on is 'Day from which the listing applies. Null: the evidence is not a listing, or the list gives no day.';
comment on column vessel_link.delisted_on is 'Day on which the listing ended. Null: in force, or the evidence is not a listing.';
comment on column vessel_link.valid_from is 'Start of the period in which the evidence counts for calls, UTC. Null: no start, as today''s knowledge is used for all weeks.';
comment on column vessel_link.valid_to is 'End of that period, UTC, exclusive. Null: no end.';
comment on column vessel_link.matched_by is 'How the evidence is matched to a ship: imo, or mmsi within the dates.';
comment on column vessel_link.hull_id is 'The ship; key of hull, which lacks ships that were never heard. Null: evidence matched only by an MMSI given in a register (matched_by mmsi).';
comment on column vessel_link.known_from is 'First day on which the evidence was public: the day of the listing, of the first version of the list that has it, or of the fix.';

comment on table evidence_at_hand is 'Kinds of evidence available for a week: a count by a kind that is not available is null, not zero. One row per week.';
comment on column evidence_at_hand.week is 'ISO week.';
comment on column evidence_at_hand.has_listed is 'Whether a list concerning Russia names ships and is in force in the week.';
comment on column evidence_at_hand.has_flag is 'Whether a ship whose MMSI has a country''s MID was heard near a port in the week.';
comment on column evidence_at_hand.has_owner is 'Whether a list of ships with Russian owners is in force in the week.';
comment on column evidence_at_hand.has_trade is 'Whether a Russian oil port was heard in at least {{ least_share }} of the hours of the {{ trade_days }} days before the week''s end, or a list in force has trade evidence.';
comment on column evidence_at_hand.has_iran_list is 'Whether an available list has ships under a programme concerning Iran in the week or later.';
comment on column evidence_at_hand.has_dry_cargo_trade is 'As has_trade, for dry cargo ships: of the Russian ports, those of the Caspian.';

comment on table call_evidence is 'The evidence that links the ship of a call to Russia and is valid at that call. One row per call and piece of evidence; a call without evidence has no row.';
comment on column call_evidence.port_call_id is 'The call; key of port_call.';
comment on column call_evidence.link_tier is 'Strength of the evidence: strong, moderate or weak.';
comment on column call_evidence.link_reason is 'Kind of evidence: listed, flag, owner, trade, destination or switch.';
comment on column call_evidence.link_source is 'Source of the evidence, as in vessel_link.';
comment on column call_evidence.reference is 'The entry in the source.';
comment on column call_evidence.programme is 'The sanctions programme. Null: the evidence is not a listing, or its register gives none.';
comment on column call_evidence.listed_on is 'Day from which the listing applies. Null: the evidence is not a listing.';
comment on column call_evidence.delisted_on is 'Day on which the listing ended. Null: in force, or the evidence is not a listing.';
comment on column call_evidence.matched_by is 'How the evidence was matched to the ship: imo; mmsi within the dates; decision, by a person''s link decision; contested imo, a number that another ship transmits too; same call, by another transmitter of the ship in the same call (joined_call).';
comment on column call_evidence.known_from is 'First day on which the evidence was public, as in vessel_link.';
comment on column call_evidence.was_known_at_call is 'Whether the evidence was public when the ship arrived: false for a listing that applies from a later day.';

-- Comments on the relations of this folder and their columns, with units and the meaning of null.
-- Grain: one relation or column.

comment on table call_cargo is 'The oil that each counted call of a tanker moved: an estimate with a 90 % interval, and the method that gave it; from draughts, which crews enter by hand, the size of the ship and the trade of the terminal. One row per call.';
comment on column call_cargo.port_call_id is 'The call; key of counted_call.';
comment on column call_cargo.direction is 'loading, discharging or unknown. By the draughts, where they show it; else by the trade of the terminal. Unknown where the two contradict each other (direction_by).';
comment on column call_cargo.direction_by is 'What shows the direction: draught, terminal, or draught; terminal where both agree. draught, against the terminal: the two contradict each other, so that the direction is unknown; the amount that the draughts show stands. Null: nothing shows it.';
comment on column call_cargo.laden_in is 'State of the ship on arrival: laden, ballast, part or unknown.';
comment on column call_cargo.laden_out is 'State of the ship on departure: laden, ballast, part or unknown.';
comment on column call_cargo.payload_t is 'ESTIMATE of the oil moved, tonnes, loaded or discharged (direction): as likely too low as too high; it may exceed an estimated deadweight_t by that one''s error. Never to be shown without its interval; to be added, take payload_mean_t. Null: no method applies (method is none).';
comment on column call_cargo.payload_low_90_t is 'Lower end of the 90 % interval of the oil moved, tonnes. Null: no estimate.';
comment on column call_cargo.payload_high_90_t is 'Upper end of the 90 % interval of the oil moved, tonnes. Null: no estimate.';
comment on column call_cargo.payload_bbl is 'ESTIMATE of the oil moved, barrels: payload_t by the density of what the terminal handles (density_t_m3). Null: no estimate.';
comment on column call_cargo.method is 'How the oil was estimated: two draughts, one draught (against the curve of the ship''s class), terminal (its trade, and the ship''s deadweight), or none.';
comment on column call_cargo.deadweight_t is 'Deadweight, tonnes: the ship''s capacity, not the quantity moved. Null: in no register, and the size is missing or implausible; or too large for the Caspian, where it called.';
comment on column call_cargo.deadweight_by is 'register, or estimate: from length and beam. Null: no deadweight.';
comment on column call_cargo.draught_change_m is 'Draught after the call less draught before it, metres. Null: one of the two is missing, or not credible for the ship.';
comment on column call_cargo.terminal_trade is 'Trade at the port''s berths: loading, discharging or both (data/ports/terminal_trade.csv, with its sources). Null: an anchorage call.';
comment on column call_cargo.density_t_m3 is 'Density of the oil by which barrels are computed, tonnes a cubic metre. Null: no estimate.';
comment on column call_cargo.payload_mean_t is 'Mean of the oil moved, tonnes, for sums over calls: lower than payload_t where a part cargo is possible. Null: no estimate.';
comment on column call_cargo.payload_sd_t is 'Standard deviation of the oil moved about payload_mean_t, tonnes. Null: no estimate.';
comment on column call_cargo.hull_class is 'Class of hull whose curve was used (data/curves). Null: no deadweight.';

comment on table call_oil is 'Whose oil a tanker call moved, as far as the ship''s calls tell it, and how far it went by sea at the least: a Russian ship and Russian oil are two statements. One row per counted call of a tanker.';
comment on column call_oil.port_call_id is 'The call; key of counted_call.';
comment on column call_oil.oil is 'Russian oil likely delivered: discharged, and came from a Russian oil port within 60 days without loading in Iran in between; Russian oil likely on board: came from there laden, and nothing shows the direction; Iranian oil likely loaded: loaded; oil of unknown origin delivered: discharged, and no such port was heard; not known, also where draughts and terminal contradict each other.';
comment on column call_oil.days_from_russia is 'Days from the last Russian oil port to this call. Null: none was heard within 60 days, or it loaded, or may have loaded, in Iran in between.';
comment on column call_oil.voyage_nm is 'Shortest way by sea (sea_distance) from the Russian port before to this port, nautical miles; of a ship that loads here, to the Russian port after, if it arrived there laden. A lower bound: through Suez where ships may go round Africa. Null: an end was not heard; or no way by sea, as between the Caspian and other seas.';
comment on column call_oil.tonne_miles is 'ESTIMATE of the oil moved (call_cargo.payload_mean_t) by that distance, tonne-miles. Null: one of the two is missing.';

comment on table leg_state is 'Whether each tanker was laden on each leg between two of its stops in Iran and at Russian oil ports, and before the first and after the last of them. Stops elsewhere are not known: a leg may hold some. One row per leg (leg_id).';
comment on column leg_state.leg_id is 'Hash of the hull and the two stops.';
comment on column leg_state.hull_id is 'The ship; key of hull.';
comment on column leg_state.mmsi is 'MMSI under which the stop at its end was heard, else that at its beginning.';
comment on column leg_state.from_port_id is 'The port that it left. Null: the leg before the first stop that was heard.';
comment on column leg_state.to_port_id is 'The port that it reached. Null: the leg after the last stop that was heard.';
comment on column leg_state.began_at is 'Departure, UTC. Null: before the first stop.';
comment on column leg_state.ended_at is 'Arrival, UTC. Null: after the last stop.';
comment on column leg_state.draught_m is 'The draught used, metres: that in force on arrival, else that set on departure, where it is credible (call_cargo). Null: none, or a ship of unknown size.';
comment on column leg_state.state is 'laden, ballast, part or unknown: the one with a probability of 0.5 or more.';
comment on column leg_state.state_by is 'draught, ports (their trade alone), or draught; ports. Null: nothing is known.';
comment on column leg_state.laden_probability is 'Probability of laden, 0 to 1, from the draughts of the ship''s class in each state and the trade of both ports. Null: nothing is known.';
comment on column leg_state.from_port_call_id is 'The call that it left, a port_call_id of track_call. Null: the leg before the first stop.';
comment on column leg_state.to_port_call_id is 'The call that it reached, a port_call_id of track_call. Null: the leg after the last stop.';

comment on table unexplained_loading is 'Tankers, linked to Russia or with a call in Iran, that came out of a silence of 24 hours to {{ silence_days }} days deeper by a fifth of their design draught, with time for an Iranian terminal and without a heard call: a loading is not proved, and none is counted. One row per silence (loading_id).';
comment on column unexplained_loading.loading_id is 'Hash of hull and silent_from.';
comment on column unexplained_loading.week is 'ISO week of silent_to, in UTC.';
comment on column unexplained_loading.hull_id is 'The ship; key of hull.';
comment on column unexplained_loading.mmsi is 'The transmitter that fell silent.';
comment on column unexplained_loading.imo is 'IMO number of the hull. Null: not known.';
comment on column unexplained_loading.vessel_name is 'The name heard last. Null: none.';
comment on column unexplained_loading.silent_from is 'Last credible fix before the silence, UTC.';
comment on column unexplained_loading.silent_to is 'First credible fix after it, UTC.';
comment on column unexplained_loading.hours is 'Length of the silence, hours.';
comment on column unexplained_loading.draught_before_m is 'Credible draught in force when it fell silent, metres.';
comment on column unexplained_loading.draught_after_m is 'Credible draught set last up to two days after it was heard again, metres.';
comment on column unexplained_loading.from_lon is 'Position of the last fix before the silence: longitude, degrees WGS 84.';
comment on column unexplained_loading.from_lat is 'Position of the last fix before the silence: latitude, degrees WGS 84.';
comment on column unexplained_loading.to_lon is 'Position of the first fix after the silence: longitude, degrees WGS 84.';
comment on column unexplained_loading.to_lat is 'Position of the first fix after the silence: latitude, degrees WGS 84.';
comment on column unexplained_loading.port_id is 'The likeliest terminal within reach; key of port.';
comment on column unexplained_loading.terminals is 'The terminals that load within reach, likeliest first: port_id; likelihood among them, which add up to 1, by their usual calls and by how much of the silence they were heard; heard_share, the share of its hours heard there.';
comment on column unexplained_loading.foreign_ports is 'Ports of other countries of the region within reach too (foreign_port): it may have loaded there.';
comment on column unexplained_loading.reasons is 'Reasons for and against a loading in Iran, as text, separated by a semicolon and a space.';

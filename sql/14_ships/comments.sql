-- Comments on the relations of this folder and their columns, with units and the meaning of null.
-- Grain: one relation or column.
comment on view ship_indicator is 'Signs of evasion, and facts for judging a ship that was heard: each with its dates and its source. No score is made of them, and none enters a count. One row per indicator of a hull.';
comment on column ship_indicator.indicator_id is 'Hash of the row.';
comment on column ship_indicator.hull_id is 'The ship; key of hull.';
comment on column ship_indicator.indicator is 'age; flag change, MMSI change, name change (as transmitted); flag not allocated (an MMSI whose first digits belong to no country); identity conflict; possible dark call; unexplained loading; false positions, possible spoofed call; ship to ship; listed, owner, flag, scrapped (as a list says); inspection (by a witness).';
comment on column ship_indicator.began_at is 'Start, UTC: of a change the first report after it, of a listing its day, of an age the 1 January of the year of build. Null: not known.';
comment on column ship_indicator.ended_at is 'End, UTC. Null: none, in force, or not known.';
comment on column ship_indicator.detail is 'What was found, in words.';
comment on column ship_indicator.source is 'Whose evidence it is: AIS, the list, the witness, or ITU.';
comment on column ship_indicator.reference is 'The entry in that source; of a relation of this catalogue its key. Null: none.';

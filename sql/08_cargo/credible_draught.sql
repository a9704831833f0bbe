-- Draughts that each tanker sent and may float at: those of draught_state, which leaves out impossible values.
-- Grain: one hull and spell of one draught (hull_id, began_at).
select
    draught_spell.hull_id,
    draught_spell.draught_m,
    draught_spell.began_at,
    draught_spell.ended_at
from draught_spell
inner join draught_state
    on
        draught_spell.hull_id = draught_state.hull_id
        and draught_spell.draught_m = draught_state.draught_m
order by draught_spell.hull_id, draught_spell.began_at, draught_spell.draught_m

-- A ship's possible loadings that no heard call explains.
-- Grain: one silence. Parameter: $hull_id.
select
    silent_from,
    silent_to,
    draught_before_m,
    draught_after_m,
    port_id,
    reasons
from unexplained_loading
where hull_id = $hull_id
order by silent_from

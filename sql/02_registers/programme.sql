-- What a tag of a register means: which country it is about, and what it proves about Russia.
-- Grain: one register and tag; a tag with is_prefix stands for all that begin so. Inputs: programme_table, from data/registers.
select
    register,
    programme,
    is_prefix,
    country,
    link_tier,
    link_reason,
    link_source,
    title,
    source
from programme_table
order by register, programme

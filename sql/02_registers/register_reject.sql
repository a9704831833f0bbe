-- Entries and fields that imports of lists did not take over, with the reason.
-- Grain: one rejected entry or field.
select
    register,
    published_on,
    line,
    reason,
    raw,
    is_whole
from register_junk
order by register, published_on, line, reason, raw

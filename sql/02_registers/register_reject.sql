-- What the imports of lists did not take over, and why.
-- Grain: one piece of junk.
select
    register,
    published_on,
    line,
    reason,
    raw,
    is_whole
from register_junk
order by register, published_on, line, reason, raw

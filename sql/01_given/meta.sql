-- What this catalogue was made from: format, code version, as-of time, and hashes of what the numbers depend on.
-- Grain: one key. Inputs: meta_pair.
select
    key,
    value
from meta_pair
order by key

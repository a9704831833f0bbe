-- What this catalogue was built from: format, code version, as-of time, and hashes of what the numbers depend on.
-- Grain: one key.
with record as (
    select
        unnest(json_transform(record, '{
            "key": "varchar",
            "value": "varchar"
        }'))
    from given
    where kind = 'meta'
)

select
    key,
    value
from record
order by key

-- The team's watchlist: ships, ports and lists whose calls are alerted.
-- Grain: one row of watchlist.csv in the home (line).
-- Key: line.
with record as (
    select
        unnest(json_transform(record, '{
            "line": "bigint",
            "kind": "varchar",
            "value": "varchar",
            "note": "varchar"
        }'))
    from given
    where kind = 'watchlist'
)

select
    line,
    kind,
    value,
    note
from record
order by line

-- Every input file and what became of its rows.
-- Grain: one input file (file_id).
-- Key: file_id.
with record as (
    select
        unnest(json_transform(record, '{
            "file_id": "varchar",
            "name": "varchar",
            "source": "varchar",
            "rows_read": "bigint",
            "rows_kept": "bigint",
            "rows_repeated": "bigint",
            "rows_rejected": "bigint",
            "first_reported_at": "timestamp",
            "last_reported_at": "timestamp",
            "ingested_at": "timestamp",
            "rows_static": "bigint"
        }'))
    from given
    where kind = 'source_file'
)

select
    file_id,
    name,
    source,
    rows_read,
    rows_kept,
    rows_repeated,
    rows_rejected,
    first_reported_at,
    last_reported_at,
    ingested_at,
    rows_static
from record
order by file_id

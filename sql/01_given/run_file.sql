-- The run that first saw each input file in the lake: the inputs of a run are those of all runs up to it.
-- Grain: one run and file (run_id, file_id).
with record as (
    select
        unnest(json_transform(record, '{
            "run_id": "bigint",
            "file_id": "varchar",
            "name": "varchar",
            "first_reported_at": "timestamp",
            "last_reported_at": "timestamp",
            "is_gone": "boolean"
        }'))
    from given
    where kind = 'run_file'
)

select
    run_id,
    file_id,
    name,
    first_reported_at,
    last_reported_at,
    is_gone
from record
order by run_id, file_id

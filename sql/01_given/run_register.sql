-- Which version of each register a run used, and how old it was.
-- Grain: one run and register (run_id, register).
with record as (
    select
        unnest(json_transform(record, '{
            "run_id": "bigint",
            "register": "varchar",
            "link_source": "varchar",
            "published_on": "date",
            "age_days": "bigint",
            "file_hash": "varchar"
        }'))
    from given
    where kind = 'run_register'
)

select
    run_id,
    register,
    link_source,
    published_on,
    age_days,
    file_hash
from record
order by run_id, register

-- The runs of this home, with what is needed to reproduce their numbers; the last one built this catalogue.
-- Grain: one run (run_id).
with record as (
    select
        unnest(json_transform(record, '{
            "run_id": "bigint",
            "as_of": "timestamp",
            "code_version": "varchar",
            "inputs_hash": "varchar",
            "fences_hash": "varchar",
            "registers_hash": "varchar",
            "files_ingested": "bigint",
            "files_known": "bigint",
            "files_failed": "bigint",
            "code_hash": "varchar",
            "method_hash": "varchar",
            "bundled_hash": "varchar",
            "decisions_hash": "varchar",
            "sources_hash": "varchar",
            "register_imports": "bigint",
            "threads": "bigint",
            "memory_limit": "varchar"
        }'))
    from given
    where kind = 'run'
),

in_use as (
    select
        run_id,
        string_agg(
            link_source || ' of ' || published_on || ' (' || age_days || ' days old)', '; '
            order by register
        ) as registers
    from run_register
    group by run_id
)

select
    record.run_id,
    record.as_of,
    record.code_version,
    record.inputs_hash,
    record.fences_hash,
    record.registers_hash,
    record.files_ingested,
    record.files_known,
    record.files_failed,
    record.code_hash,
    record.method_hash,
    record.bundled_hash,
    record.decisions_hash,
    record.sources_hash,
    record.register_imports,
    in_use.registers,
    record.threads,
    record.memory_limit
from record
left join in_use on record.run_id = in_use.run_id
order by record.run_id

-- The runs of this home, with what it takes to make their numbers again; the last one made this catalogue.
-- Grain: one run (run_id). Inputs: run_record, the home's history and this run; run_register.
with in_use as (
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
    run_record.run_id,
    run_record.as_of,
    run_record.code_version,
    run_record.inputs_hash,
    run_record.fences_hash,
    run_record.registers_hash,
    run_record.files_ingested,
    run_record.files_known,
    run_record.files_failed,
    run_record.code_hash,
    run_record.method_hash,
    run_record.bundled_hash,
    run_record.decisions_hash,
    run_record.sources_hash,
    run_record.register_imports,
    in_use.registers,
    run_record.threads,
    run_record.memory_limit
from run_record
left join in_use on run_record.run_id = in_use.run_id
order by run_record.run_id

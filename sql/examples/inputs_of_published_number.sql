-- What it takes to make a published headline again: the program, the as-of time, the registers and every input file.
-- Grain: one version of a week's headline and input file.
with wanted as (
    -- Put a week such as '2026-W16' in the place of null; null is the newest that was published.
    select coalesce(null, max(week)) as week
    from published_week
),

held as (
    select
        published_week.week,
        published_week.run_id,
        run_file.file_id,
        arg_max(run_file.is_gone, run_file.run_id) as is_gone
    from wanted
    inner join published_week on wanted.week = published_week.week
    inner join run_file on published_week.run_id >= run_file.run_id
    group by published_week.week, published_week.run_id, run_file.file_id
)

select
    published_week.week,
    published_week.published_at,
    published_week.russian_linked_tanker_calls,
    published_week.state,
    run.run_id,
    run.as_of,
    run.code_version,
    run.code_hash,
    run.registers,
    run.register_imports,
    file.name,
    file.file_id
from held
inner join published_week
    on held.week = published_week.week and held.run_id = published_week.run_id
inner join run on held.run_id = run.run_id
inner join run_file as file on held.file_id = file.file_id and not file.is_gone
where not held.is_gone
qualify row_number() over (
    partition by held.week, held.run_id, held.file_id
    order by file.run_id
) = 1
order by published_week.run_id, file.name, file.file_id

-- What is needed to reproduce a published headline: program version, as-of time, registers and every input file.
-- Grain: one version of a week's headline and input file.
with selected as (
    -- Replace null by a week such as '2026-W16'; null is the newest published week.
    select coalesce(null, max(week)) as week
    from published_week
    where series = 'russian_linked_tankers'
),

latest_state as (
    select
        published_week.week,
        published_week.run_id,
        run_file.file_id,
        arg_max(run_file.is_gone, run_file.run_id) as is_gone
    from selected
    inner join published_week on selected.week = published_week.week
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
from latest_state
inner join published_week
    on
        latest_state.week = published_week.week
        and latest_state.run_id = published_week.run_id
        and published_week.series = 'russian_linked_tankers'
inner join run on latest_state.run_id = run.run_id
inner join run_file as file on latest_state.file_id = file.file_id and not file.is_gone
where not latest_state.is_gone
qualify row_number() over (
    partition by latest_state.week, latest_state.run_id, latest_state.file_id
    order by file.run_id
) = 1
order by published_week.run_id, file.name, file.file_id

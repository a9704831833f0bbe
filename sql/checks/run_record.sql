-- What was published by a run that is not recorded, and runs that do not name what they used.
-- Grain: one relation and run at fault.
with named as (
    select
        'published_port_calls' as relation,
        run_id
    from published_port_calls
    -- Null: from before publications named their run, and none of that time is recorded.
    where run_id is not null
    union all
    select
        'published_week' as relation,
        run_id
    from published_week
    union all
    select
        'published_call' as relation,
        run_id
    from published_call
    union all
    select
        'run_file' as relation,
        run_id
    from run_file
    union all
    select
        'run_register' as relation,
        run_id
    from run_register
),

-- Runs that knew how to record it, and name no register: the program brings some along.
without_register as (
    select
        'run' as relation,
        run.run_id
    from run
    anti join run_register on run.run_id = run_register.run_id
    where run.register_imports is not null
)

select distinct
    named.relation,
    named.run_id
from named
anti join run on named.run_id = run.run_id
union all
select
    relation,
    run_id
from without_register
order by relation, run_id

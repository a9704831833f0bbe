-- Input files of which position holds another number of rows than they say, or fixes outside their times.
-- Grain: one input file at fault.
with held as (
    select
        file_id,
        count(*) as held_rows,
        min(reported_at) as first_at,
        max(reported_at) as last_at
    from position
    group by file_id
)

select
    coalesce(source_file.file_id, held.file_id) as file_id,
    source_file.name,
    source_file.rows_kept,
    held.held_rows,
    source_file.first_reported_at,
    held.first_at,
    source_file.last_reported_at,
    held.last_at
from source_file
full join held on source_file.file_id = held.file_id
where
    coalesce(held.held_rows, 0) is distinct from source_file.rows_kept
    or held.first_at < source_file.first_reported_at
    or held.last_at > source_file.last_reported_at
order by coalesce(source_file.file_id, held.file_id)

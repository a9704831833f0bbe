-- Input files of which reject holds another number of lines than they say, or a line twice.
-- Grain: one input file at fault.
with held as (
    select
        file_id,
        count(*) as held_rows,
        count(distinct line) as held_lines
    from reject
    group by file_id
)

select
    coalesce(source_file.file_id, held.file_id) as file_id,
    source_file.name,
    source_file.rows_rejected,
    held.held_rows,
    held.held_lines
from source_file
full join held on source_file.file_id = held.file_id
where
    coalesce(held.held_rows, 0) is distinct from source_file.rows_rejected
    or held.held_lines < held.held_rows
order by coalesce(source_file.file_id, held.file_id)

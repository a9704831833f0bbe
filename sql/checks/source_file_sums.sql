-- Input files whose rows do not add up: each row is kept, repeated, rejected or static.
-- Grain: one input file at fault.
select
    file_id,
    name,
    rows_read,
    rows_kept,
    rows_repeated,
    rows_rejected,
    rows_static
from source_file
where
    rows_kept + rows_repeated + rows_rejected + rows_static is distinct from rows_read
    or least(rows_kept, rows_repeated, rows_rejected, rows_static) < 0
order by file_id

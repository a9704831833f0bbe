-- Input files whose first and last fix are in disorder, missing, or there without a fix.
-- Grain: one input file at fault.
select
    file_id,
    name,
    first_reported_at,
    last_reported_at,
    rows_kept,
    rows_repeated
from source_file
where
    first_reported_at > last_reported_at
    or (first_reported_at is null) <> (rows_kept + rows_repeated = 0)
    or (last_reported_at is null) <> (rows_kept + rows_repeated = 0)
order by file_id

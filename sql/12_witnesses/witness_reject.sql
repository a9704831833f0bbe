-- Rows of witnesses' files that cannot be used, with the reason.
-- Grain: one row, or one field of it.
select
    witness_file.witness,
    witness_file.file_id,
    junk.line,
    junk.reason,
    junk.raw
from witness_junk as junk
inner join witness_file on junk.file = witness_file.file_number
order by witness_file.file_number, junk.line, junk.reason, junk.raw

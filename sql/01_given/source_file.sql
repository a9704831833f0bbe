-- Every input file and where its rows went.
-- Grain: one input file (file_id). Inputs: ledger, the manifest's entries.
select
    file_id,
    name,
    source,
    rows_read,
    rows_kept,
    rows_repeated,
    rows_rejected,
    first_reported_at,
    last_reported_at,
    ingested_at,
    rows_static
from ledger
order by file_id

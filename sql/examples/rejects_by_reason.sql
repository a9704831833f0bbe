-- Rejected input lines by reason and file, with the first line of each as an example.
-- Grain: one input file and reason.
select
    source_file.name,
    source_file.source,
    reject.reason,
    count(*) as lines,
    round(100.0 * count(*) / any_value(source_file.rows_read), 3) as percent_of_rows,
    min(reject.line) as first_line,
    arg_min(reject.raw, reject.line) as first_raw,
    source_file.file_id
from reject
inner join source_file on reject.file_id = source_file.file_id
group by source_file.file_id, source_file.name, source_file.source, reject.reason
order by lines desc, source_file.name, source_file.file_id, reject.reason

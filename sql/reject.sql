-- Every input row that is no position, with its line, the reason and its text.
-- Grain: one line of one input file. Inputs: the Parquet files that the manifest names ($parts).
select
    file_id,
    line,
    reason,
    raw
from read_parquet($parts, hive_partitioning = true, hive_types_autocast = false)

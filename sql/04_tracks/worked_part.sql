-- The parts of the lake that the calls were found in: what comes later is worked by the next run.
-- Grain: one Parquet file, by its hash. Inputs: lake_part, from the manifest.
select part_hash
from lake_part
order by part_hash

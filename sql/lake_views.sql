-- The lake's views for one session, over the files where the home lies now: it may have been moved.
-- Grain: as position and reject. Inputs: the session's variables position_parts and reject_parts.
create or replace temp view position as
select
    * exclude (source, file_id),
    source,
    file_id
from read_parquet(
    getvariable('position_parts'), hive_partitioning = true, hive_types_autocast = false
);

create or replace temp view reject as
select
    file_id,
    line,
    reason,
    raw
from read_parquet(
    getvariable('reject_parts'), hive_partitioning = true, hive_types_autocast = false
);

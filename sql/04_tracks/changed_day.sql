-- The days of each transmitter whose fixes, tracks or verdicts are not those with which the last run read its windows.
-- Grain: one transmitter (mmsi) and UTC day.
with flag_changed as (
    (from flagged_position except from flagged_before)
    union all
    (from flagged_before except from flagged_position)
)

select
    mmsi,
    day
from new_day
union
select
    mmsi,
    reported_at::date as day
from flag_changed
order by mmsi, day

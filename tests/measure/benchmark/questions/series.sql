-- The series.
-- Grain: one week. Inputs: barometer.
select *
from barometer
order by week

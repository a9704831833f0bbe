-- The series.
-- Grain: one week. Inputs: barometer.
select *
from barometer
where series = 'russian_linked_tankers'
order by week

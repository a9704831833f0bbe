-- Reception around each port on each day of a week, as the report's CSV.
-- Grain: one port and day of $week.
-- Key: port_id, day.
select
    week.week,
    coverage.port_id,
    port.name as port_name,
    port.water,
    coverage.day,
    coverage.observed_hours,
    coverage.fixes,
    coverage.vessels,
    coverage.state
from coverage
inner join port on coverage.port_id = port.port_id
inner join week on date_trunc('week', coverage.day) = week.week_start
where week.week = $week
order by port.water, coverage.port_id, coverage.day

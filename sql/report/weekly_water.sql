-- The series by water up to a week, as the report's CSV.
-- Grain: one week up to $week and water.
-- Key: week, water.
select
    week,
    week_start,
    water,
    russian_linked_tanker_calls,
    russian_linked_berth_calls,
    in_port_calls,
    round(low_95::double, 2) as low_95,
    round(high_95::double, 2) as high_95,
    tanker_calls,
    round(observed_share::double, 3) as observed_share,
    state
from weekly_water
where series = getvariable('series') and week <= $week
order by week, water desc

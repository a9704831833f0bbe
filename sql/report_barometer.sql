-- The series up to a week, as the report's CSV.
-- Grain: one week up to $week. Inputs: barometer.
select
    week,
    week_start,
    russian_linked_tanker_calls,
    russian_linked_berth_calls,
    listed_calls,
    flag_calls,
    owner_calls,
    trade_calls,
    low_95,
    high_95,
    tanker_calls,
    round(observed_share::double, 3) as observed_share,
    state,
    index_100,
    change_p
from barometer
where week <= $week
order by week

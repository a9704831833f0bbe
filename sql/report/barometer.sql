-- The series up to a week, as the report's CSV.
-- Grain: one week up to $week.
select
    week,
    week_start,
    russian_linked_tanker_calls,
    russian_linked_berth_calls,
    listed_calls,
    flag_calls,
    owner_calls,
    trade_calls,
    round(low_95::double, 2) as low_95,
    round(high_95::double, 2) as high_95,
    tanker_calls,
    round(observed_share::double, 3) as observed_share,
    state,
    round(index_100::double, 1) as index_100,
    round(change_p::double, 5) as change_p,
    calls_known_at_call,
    round(dispersion::double, 2) as dispersion,
    word,
    word_weeks,
    in_port_calls,
    worst_water,
    round(worst_share::double, 3) as worst_share,
    untyped_linked_calls
from barometer
where series = getvariable('series') and week <= $week
order by week

-- The windows that end with a week, as the report's CSV.
-- Grain: one view and window of $week.
-- Key: view, weeks.
select
    week,
    view,
    weeks,
    calls,
    heard_weeks,
    round(exposure_weeks::double, 3) as exposure_weeks,
    round(rate_a_week::double, 2) as rate_a_week,
    round(low_95::double, 2) as low_95,
    round(high_95::double, 2) as high_95,
    before_weeks,
    before_heard_weeks,
    before_calls,
    round(before_exposure_weeks::double, 3) as before_exposure_weeks,
    round(before_rate_a_week::double, 2) as before_rate_a_week,
    round(index_100::double, 1) as index_100,
    round(change_p, 5) as change_p,
    round(word_p, 5) as word_p,
    rise_from_calls,
    fall_to_calls,
    round(dispersion::double, 2) as dispersion,
    word,
    waters
from series_window
where series = getvariable('series') and week = $week
order by view desc, weeks

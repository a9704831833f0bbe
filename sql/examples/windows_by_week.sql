-- Each week's windows of 1, 4 and 13 weeks, with the rate, its limits and what it is compared with.
-- Grain: one window of one week, series and view (links known today, or known at the call).
select
    series,
    week,
    "view",
    weeks,
    calls,
    heard_weeks,
    round(exposure_weeks::double, 2) as exposure_weeks,
    round(rate_a_week::double, 2) as rate_a_week,
    round(low_95::double, 2) as low_95,
    round(high_95::double, 2) as high_95,
    round(before_rate_a_week::double, 2) as before_rate_a_week,
    before_weeks,
    word,
    round(word_p, 5) as word_p,
    rise_from_calls,
    fall_to_calls,
    waters
from series_window
order by series, week, "view" desc, weeks

-- Each series in rolling windows of 1, 4 and 13 weeks against the weeks before, with the counts needed for a rise or fall.
-- Grain: one series, week, view (links known today, or at the call) and window.
select
    week,
    view,
    weeks::smallint as weeks,
    calls::integer as calls,
    exposure_weeks::float as exposure_weeks,
    heard_weeks::smallint as heard_weeks,
    rate_a_week::float as rate_a_week,
    low_95::float as low_95,
    high_95::float as high_95,
    before_weeks::smallint as before_weeks,
    before_heard_weeks::smallint as before_heard_weeks,
    before_calls::integer as before_calls,
    before_exposure_weeks::float as before_exposure_weeks,
    before_rate_a_week::float as before_rate_a_week,
    index_100::float as index_100,
    change_p,
    word_p,
    rise_from_calls::integer as rise_from_calls,
    fall_to_calls::integer as fall_to_calls,
    dispersion::float as dispersion,
    word,
    waters,
    series
from window_rate
order by series, week, view desc, weeks

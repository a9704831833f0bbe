-- What others count beside our count of tanker calls in a week, as the report's CSV.
-- Grain: one publisher, series, place and window that ends with $week.
select
    week,
    publisher,
    series,
    place,
    port_id,
    weeks,
    ours,
    theirs,
    unit,
    round(ratio::double, 3) as ratio,
    round(ratio_low_95::double, 3) as ratio_low_95,
    round(ratio_high_95::double, 3) as ratio_high_95,
    before_weeks,
    before_heard_weeks,
    ours_before,
    theirs_before,
    round(ratio_before::double, 3) as ratio_before,
    round(p, 5) as p,
    round(p_needed, 5) as p_needed,
    diverges,
    state,
    round(observed_share::double, 3) as observed_share,
    theirs_days,
    published_on
from agreement
where week = $week
order by publisher, series, scope, place, weeks

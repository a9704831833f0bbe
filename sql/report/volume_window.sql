-- The oil in the windows that end with a week, as the report's CSV.
-- Grain: one view and window of $week.
-- Key: view, weeks.
select
    week,
    view,
    weeks,
    payload_a_week_t,
    payload_low_90_t,
    payload_high_90_t,
    heard_weeks,
    before_weeks,
    before_heard_weeks,
    before_a_week_t,
    round(index_100::double, 1) as index_100,
    round(change_p, 5) as change_p,
    word,
    waters
from volume_window
where series = getvariable('series') and week = $week
order by view desc, weeks

-- The oil in rolling windows of 1, 4 and 13 weeks against the weeks before, by the same test as the count.
-- Grain: one series of tankers, week, view (links known today, or at the call) and window.
select
    window_volume.week,
    window_volume.view,
    window_volume.weeks::smallint as weeks,
    round(window_volume.a_week_t, -2)::integer as payload_a_week_t,
    round(window_volume.low_90_t, -2)::integer as payload_low_90_t,
    round(window_volume.high_90_t, -2)::integer as payload_high_90_t,
    window_rate.heard_weeks::smallint as heard_weeks,
    window_rate.before_weeks::smallint as before_weeks,
    window_rate.before_heard_weeks::smallint as before_heard_weeks,
    round(window_volume.before_a_week_t, -2)::integer as before_a_week_t,
    window_volume.index_100::float as index_100,
    window_volume.change_p,
    window_volume.word,
    window_rate.waters,
    window_volume.series
from window_volume
inner join window_rate
    on
        window_volume.series = window_rate.series
        and window_volume.week = window_rate.week
        and window_volume.view = window_rate.view
        and window_volume.weeks = window_rate.weeks
order by
    window_volume.series, window_volume.week, window_volume.view desc, window_volume.weeks

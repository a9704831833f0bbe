-- The series beside the headline up to a week, as the report's CSV.
-- Grain: one series and week up to $week.
-- Key: series, week.
select
    barometer.series,
    series.title,
    barometer.week,
    barometer.week_start,
    barometer.russian_linked_tanker_calls as linked_calls,
    barometer.russian_linked_berth_calls as linked_berth_calls,
    barometer.listed_calls,
    barometer.flag_calls,
    barometer.owner_calls,
    barometer.trade_calls,
    round(barometer.low_95::double, 2) as low_95,
    round(barometer.high_95::double, 2) as high_95,
    barometer.tanker_calls as all_calls,
    round(barometer.observed_share::double, 3) as observed_share,
    barometer.state,
    round(barometer.index_100::double, 1) as index_100,
    round(barometer.change_p::double, 5) as change_p,
    barometer.calls_known_at_call,
    barometer.word,
    barometer.word_weeks,
    barometer.in_port_calls,
    barometer.untyped_linked_calls
from barometer
inner join series on barometer.series = series.series
where barometer.series <> getvariable('series') and barometer.week <= $week
order by barometer.series, barometer.week

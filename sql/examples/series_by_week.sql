-- Every weekly series with its limits, index and change, and the share of the coast that was heard.
-- Grain: one week of one series.
select
    series.title,
    barometer.series,
    barometer.week,
    barometer.week_start,
    barometer.russian_linked_tanker_calls,
    barometer.russian_linked_berth_calls,
    round(barometer.low_95::double, 2) as low_95,
    round(barometer.high_95::double, 2) as high_95,
    barometer.tanker_calls,
    round(barometer.observed_share::double, 3) as observed_share,
    barometer.state,
    barometer.listed_calls,
    barometer.flag_calls,
    barometer.owner_calls,
    barometer.trade_calls,
    round(barometer.index_100::double, 1) as index_100,
    round(barometer.change_p::double, 5) as change_p,
    barometer.word,
    barometer.word_weeks,
    barometer.untyped_linked_calls,
    barometer.worst_water,
    round(barometer.worst_share::double, 3) as worst_share
from barometer
inner join series on barometer.series = series.series
order by barometer.series, barometer.week

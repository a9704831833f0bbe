-- Each series by water: counts and share heard of the Gulf with the Gulf of Oman, and of the Caspian.
-- Grain: one series, week and water.
-- Key: series, week, water.
select
    series_count.week,
    series_count.week_start,
    series_count.water,
    case when linked_calls > 0 or is_zero_reported then linked_calls end
        as russian_linked_tanker_calls,
    case when berth_calls > 0 or is_zero_reported then berth_calls end
        as russian_linked_berth_calls,
    case when in_port_calls > 0 or is_zero_reported then in_port_calls end as in_port_calls,
    week_rate.low_95::float as low_95,
    week_rate.high_95::float as high_95,
    case when tanker_calls > 0 or is_tanker_zero_reported then tanker_calls end as tanker_calls,
    observed_share,
    state,
    series_count.series
from series_count
inner join week_rate
    on
        series_count.series = week_rate.series
        and series_count.week = week_rate.week
        and series_count.water = week_rate.water
order by series_count.series, series_count.week, series_count.water

-- The weekly series; the headline is russian_linked_tankers, calls of Russian-linked tankers at all Iranian ports.
-- Grain: one series and week, from the first to the last with input.
-- Key: series, week.
select
    series_count.week,
    series_count.week_start,
    case when linked_calls > 0 or is_zero_reported then linked_calls end
        as russian_linked_tanker_calls,
    case when berth_calls > 0 or is_zero_reported then berth_calls end
        as russian_linked_berth_calls,
    case when listed_calls > 0 or is_zero_reported then listed_calls end as listed_calls,
    case when flag_calls > 0 or is_zero_reported then flag_calls end as flag_calls,
    case when owner_calls > 0 or is_zero_reported then owner_calls end as owner_calls,
    case when trade_calls > 0 or is_zero_reported then trade_calls end as trade_calls,
    week_rate.low_95::float as low_95,
    week_rate.high_95::float as high_95,
    case when tanker_calls > 0 or is_tanker_zero_reported then tanker_calls end as tanker_calls,
    observed_share,
    state,
    week_rate.index_100::float as index_100,
    week_rate.change_p::float as change_p,
    case when linked_at_call > 0 or is_zero_reported then linked_at_call end as calls_known_at_call,
    week_rate.dispersion::float as dispersion,
    week_rate.word,
    week_rate.word_weeks::smallint as word_weeks,
    case when in_port_calls > 0 or is_zero_reported then in_port_calls end as in_port_calls,
    worst_water,
    worst_share,
    series_count.series,
    untyped_linked_calls
from series_count
inner join week_rate
    on
        series_count.series = week_rate.series
        and series_count.week = week_rate.week
        and week_rate.water is null
where series_count.water is null
order by series_count.series, series_count.week

-- The series up to a week, with the oil that its calls moved, as the report's CSV.
-- Grain: one week up to $week.
-- Key: week.
with moved as (
    select
        week,
        any_value(payload_t) filter (where direction is null) as moved_t,
        any_value(payload_low_90_t) filter (where direction is null) as moved_low_90_t,
        any_value(payload_high_90_t) filter (where direction is null) as moved_high_90_t,
        any_value(payload_t) filter (where direction = 'loading') as loaded_t,
        any_value(payload_low_90_t) filter (where direction = 'loading') as loaded_low_90_t,
        any_value(payload_high_90_t) filter (where direction = 'loading') as loaded_high_90_t,
        any_value(payload_t) filter (where direction = 'discharging') as discharged_t,
        any_value(payload_low_90_t) filter (where direction = 'discharging') as discharged_low_90_t,
        any_value(payload_high_90_t) filter (where direction = 'discharging') as discharged_high_90_t
    from oil_volume
    where series = getvariable('series') and water is null and link_tier is null
    group by week
)

select
    barometer.week,
    barometer.week_start,
    barometer.russian_linked_tanker_calls,
    barometer.russian_linked_berth_calls,
    barometer.listed_calls,
    barometer.flag_calls,
    barometer.owner_calls,
    barometer.trade_calls,
    round(barometer.low_95::double, 2) as low_95,
    round(barometer.high_95::double, 2) as high_95,
    barometer.tanker_calls,
    round(barometer.observed_share::double, 3) as observed_share,
    barometer.state,
    round(barometer.index_100::double, 1) as index_100,
    round(barometer.change_p::double, 5) as change_p,
    barometer.calls_known_at_call,
    round(barometer.dispersion::double, 2) as dispersion,
    barometer.word,
    barometer.word_weeks,
    barometer.in_port_calls,
    barometer.worst_water,
    round(barometer.worst_share::double, 3) as worst_share,
    barometer.untyped_linked_calls,
    moved.moved_t,
    moved.moved_low_90_t,
    moved.moved_high_90_t,
    moved.loaded_t,
    moved.loaded_low_90_t,
    moved.loaded_high_90_t,
    moved.discharged_t,
    moved.discharged_low_90_t,
    moved.discharged_high_90_t
from barometer
left join moved on barometer.week = moved.week
where barometer.series = getvariable('series') and barometer.week <= $week
order by barometer.week

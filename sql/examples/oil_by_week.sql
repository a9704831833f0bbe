-- The oil that linked calls moved by week, direction and water, with a 90 % interval and the methods used.
-- Grain: one week, series, direction and water; null in a dimension is all of it.
select
    series,
    week,
    week_start,
    direction,
    water,
    calls,
    payload_t,
    payload_low_90_t,
    payload_high_90_t,
    payload_bbl,
    calls_with_estimate,
    calls_by_two_draughts,
    calls_by_one_draught,
    calls_by_terminal,
    round(observed_share::double, 3) as observed_share,
    state
from oil_volume
where link_tier is null
order by
    series,
    week,
    water nulls first,
    list_position(['loading', 'discharging', 'unknown'], direction) nulls first

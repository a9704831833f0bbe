-- The oil that a week's calls of Russian-linked tankers moved, as the report's CSV.
-- Grain: one direction, water and link_tier of $week, empty for all of a dimension.
select
    week,
    direction,
    water,
    link_tier,
    calls,
    payload_t,
    payload_low_90_t,
    payload_high_90_t,
    payload_bbl,
    payload_low_90_bbl,
    payload_high_90_bbl,
    calls_with_estimate,
    calls_by_two_draughts,
    calls_by_one_draught,
    calls_by_terminal,
    round(observed_share::double, 3) as observed_share,
    state,
    tonne_miles,
    tonne_mile_calls,
    calls_still_in_port
from oil_volume
where series = getvariable('series') and week = $week
order by
    link_tier is not null,
    list_position(['Gulf and Gulf of Oman', 'Caspian'], water) nulls first,
    list_position(['loading', 'discharging', 'unknown'], direction) nulls first,
    link_tier desc

-- How likely each draught of a tanker is that of a ship in ballast, partly laden or laden (Bayes).
-- Grain: one hull and draught that it may float at (hull_id, draught_m); any draught of a ship of unknown size.
with draught as (
    select distinct
        draught_spell.hull_id,
        draught_spell.draught_m,
        hull_curve.ballast_m,
        hull_curve.ballast_spread,
        hull_curve.part_m,
        hull_curve.part_spread,
        hull_curve.part_share,
        hull_curve.laden_m,
        hull_curve.laden_spread
    from draught_spell
    left join hull_curve on draught_spell.hull_id = hull_curve.hull_id
    where coalesce(draught_spell.draught_m between hull_curve.least_m and hull_curve.most_m, true)
),

-- Logarithms of the draughts are taken as normal about the middle of each state. Lighter than ballast
-- is ballast, deeper than laden is laden. Half of all legs are in ballast (a choice: there and back).
weighed as (
    select
        hull_id,
        draught_m,
        0.5 * exp(-0.5 * pow(greatest(ln(draught_m / ballast_m), 0) / ballast_spread, 2)) / ballast_spread
            as ballast_weight,
        -- A part cargo may be any: downward one and a half times the spread that the departures from Russia
        -- show, which are of ships that left with much (a choice).
        0.5 * part_share * exp(
            -0.5 * pow(
                ln(draught_m / part_m) / case when draught_m < part_m then 1.5 else 1 end / part_spread, 2
            )
        ) / part_spread as part_weight,
        0.5 * (1 - part_share) * exp(
            -0.5 * pow(least(ln(draught_m / laden_m), 0) / laden_spread, 2)
        ) / laden_spread as laden_weight
    from draught
),

shared as (
    select
        hull_id,
        draught_m,
        ballast_weight / (ballast_weight + part_weight + laden_weight) as ballast_p,
        part_weight / (ballast_weight + part_weight + laden_weight) as part_p,
        laden_weight / (ballast_weight + part_weight + laden_weight) as laden_p
    from weighed
)

select
    hull_id,
    draught_m,
    ballast_p,
    part_p,
    laden_p,
    case
        when ballast_p >= 0.5 then 'ballast'
        when laden_p >= 0.5 then 'laden'
        when part_p >= 0.5 then 'part'
        else 'unknown'
    end as state
from shared
order by hull_id, draught_m

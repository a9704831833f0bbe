-- Hydrostatics of each tanker: deadweight, displacement, lightship, and its usual draughts, each with its spread.
-- Grain: one hull of a tanker (hull_id).
with usual as (
    select
        hull_id,
        median(draught_m) as draught_m
    from draught_spell
    group by hull_id
),

-- The longest ship ever was a tanker of 458.5 by 68.8 m. The formulas below were not checked on
-- ships below 60 m. The length of tankers is 5.5 to 9 times their beam; 4 and 10 leave room for
-- rounding to whole metres.
sized as (
    select
        hull.hull_id,
        hull.tanker_kind,
        hull.deadweight_t as register_t,
        usual.draught_m as usual_draught_m,
        hull.length_m between 60 and 460
        and hull.beam_m between 8 and 70
        and hull.length_m / hull.beam_m between 4 and 10 as has_size,
        case when has_size then hull.length_m::double end as length_m,
        case when has_size then hull.beam_m::double end as beam_m
    from hull
    left join usual on hull.hull_id = usual.hull_id
    where hull.is_tanker
),

-- River-sea ships pass the locks of the Volga-Don canal: 141 by 17 m at most (general knowledge,
-- unverified), and are the more slender for it; so are the largest of the Caspian, 150 by 17.3 m.
-- Without a size, a ship of less than 8,000 t that draws 5.2 m at most is a river-sea ship
-- (tests/measure/fit_curves.py).
kinded as (
    select
        *,
        case
            when tanker_kind = 'gas' then 'gas'
            when length_m between 85 and 142 and beam_m <= 17.5 and length_m / beam_m >= 7.2
                then 'river-sea'
            when length_m between 142 and 160 and length_m / beam_m >= 8 then 'Caspian'
            when length_m is null and register_t < 8000 and usual_draught_m <= 5.2 then 'river-sea'
            else 'oil'
        end as kind,
        -- The full draught of a crude tanker is 0.0617 times its length overall and 1.04 m (Danish
        -- Maritime Authority, RiskEngine, consequence/Ship). River-sea ships are limited by the
        -- river: Volgoneft and Volgo-Don 3.5 m; the boxes of RST27, of 140 m and more, and of RST26,
        -- 119 by 13 m, 4.2 to 4.8 at sea; those of the Caspian 7.0 m (hull_form). Gas carriers draw
        -- 8.2 m at 115 m, 12.7 at 290 (general knowledge, unverified).
        coalesce(kind = 'river-sea' and (length_m >= 139.5 or length_m / beam_m >= 9), false)
            as is_box,
        case
            when is_box then 4.4
            when kind = 'river-sea' then 3.5
            when kind = 'Caspian' then 7.0
            when kind = 'gas' then 5.2 + 0.026 * length_m
            else 0.0617 * length_m + 1.0353
        end as full_draught_m
    from sized
),

-- A first deadweight chooses the class: a register's, or that by the size at the block coefficient
-- 0.79. Of the displacement 0.80 to 0.86 is deadweight in oil tankers (Barrass, Ship Design and
-- Performance for Masters and Mates, 2004), less in short ones: 0.62 and a thousandth a metre up to
-- 0.87 is about what hull_form has.
weighed as (
    select
        *,
        coalesce(
            register_t,
            least(0.62 + 0.001 * length_m, 0.87) * 1.025 * 0.79 * length_m * beam_m * full_draught_m
        )::double as first_t
    from kinded
    where first_t > 0
),

classed as (
    select
        weighed.*,
        curve.class as hull_class,
        curve.reference_t,
        curve.slope,
        curve.laden_m as class_laden_m,
        curve.design_m as class_design_m,
        curve.laden_spread,
        curve.part_ratio,
        curve.part_spread,
        curve.part_share,
        form.block_coefficient,
        form.block_spread,
        form.deadweight_ratio,
        form.lightship_spread,
        form.ballast_ratio,
        form.ballast_spread,
        form.stores_share,
        form.tank_m3_t,
        -- Displacement grows with the draught as the waterplane, which is a third and two thirds of
        -- the block coefficient (Derrett and Barrass, Ship Stability for Masters and Mates); the
        -- length between perpendiculars is 0.965 of that overall (general knowledge, unverified).
        (1 + 2 * form.block_coefficient / 0.965) / (3 * form.block_coefficient / 0.965) as power
    from weighed
    inner join laden_draught as curve
        on weighed.kind = curve.kind and weighed.first_t >= curve.from_t
    inner join hull_form as form
        on form.class = case
            when weighed.is_box then 'RST'
            when weighed.tanker_kind = 'chemical' and curve.kind = 'oil' then 'chemical'
            else curve.class
        end
    qualify row_number() over (partition by weighed.hull_id order by curve.from_t desc) = 1
),

-- The displacement at the design draught follows from the deadweight of a register, or from the size
-- and the design draught: between that by the length and the class's, which ports and canals limit.
-- Of length, beam and a register's deadweight the design draught follows, within what its class may
-- have.
designed as (
    select
        *,
        class_design_m * pow(first_t / reference_t, slope) as usual_design_m,
        case when kind = 'oil' then sqrt(full_draught_m * usual_design_m) else full_draught_m end
            as sized_design_m,
        1.025 * block_coefficient * length_m * beam_m as tonnes_by_size,
        coalesce(register_t::double, deadweight_ratio * tonnes_by_size * sized_design_m)
            as deadweight_t,
        deadweight_t / deadweight_ratio as displacement_t,
        case
            when length_m is null then usual_design_m
            when register_t is null then sized_design_m
            else least(
                greatest(displacement_t / tonnes_by_size, 0.8 * usual_design_m),
                1.25 * usual_design_m
            )
        end as design_m
    from classed
),

-- A ship that is built deeper than its class is laden deeper too, as far as the depth is not that of
-- the ports: half of it, a choice.
drawn as (
    select
        *,
        class_laden_m * pow(first_t / reference_t, slope) * sqrt(design_m / usual_design_m)
            as laden_m,
        -- In ballast she draws what her class usually does, and a ship of 150 m and more 2.0 m and
        -- 0.02 of its length at the least (MARPOL Annex I, regulation 18).
        greatest(
            ballast_ratio * design_m,
            case when length_m >= 150 then 2.0 + 0.02 * 0.965 * length_m else 0 end
        ) as ballast_m
    from designed
)

select
    hull_id,
    hull_class,
    case when register_t is not null then 'register' else 'estimate' end as deadweight_by,
    deadweight_t,
    -- By a register: rebuilt or of another load line, 0.02 (a choice). From length and beam: 0.065, as
    -- of twelve well-known tankers (tests/sql/test_08_curves.py); a tenth for river-sea ships, whose
    -- draught the size does not show, and 0.14 for gas carriers, both a choice.
    case
        when register_t is not null then 0.02
        when kind = 'gas' then 0.14
        when kind = 'river-sea' then 0.1
        else 0.065
    end::double as deadweight_spread,
    displacement_t,
    -- With a size the displacement at a draught follows from the block coefficient alone; without
    -- one from the design draught of the class too, good to some 0.055.
    case
        when length_m is not null then block_spread
        else sqrt(pow(0.03, 2) + pow(0.055 * power, 2))
    end as displacement_spread,
    displacement_t - deadweight_t as lightship_t,
    lightship_spread,
    stores_share * deadweight_t as stores_t,
    tank_m3_t * deadweight_t as tank_m3,
    power,
    design_m,
    laden_m,
    laden_spread,
    part_ratio * laden_m as part_m,
    part_spread,
    part_share,
    ballast_m,
    ballast_spread,
    -- From an empty hull, less a tenth for the errors of the curve, to a sixth above the design
    -- draught: more is a typing error (both a choice). 41 tankers off the United States on 11 January
    -- 2023 (MarineCadastre) drew 0.50 to 1.07 of the full draught by their length.
    0.9 * design_m * pow(1 - deadweight_t / displacement_t, 1 / power) as least_m,
    1.17 * design_m as most_m
from drawn
order by hull_id

-- Oil that each tanker call moved: an estimate with a 90 % interval, and the method that gave it.
-- Grain: one counted call of a tanker (port_call_id).
with call as (
    select
        measure.*,
        hull_curve.* exclude (hull_id),
        oil_density.density_t_m3
    from call_measure as measure
    left join hull_curve on measure.hull_id = hull_curve.hull_id
    left join oil_density on measure.port_id = oil_density.port_id
),

-- What the draughts show where the lighter end is in ballast, all of which is cargo but lightship and
-- stores; and where it is not, the plain difference. Errors: the hull's curve; 0.15 m of reading,
-- rounding and trim; four tenths of the stores; ballast and cargo that stay in the tanks, 0.005 of the
-- deadweight; the water's density, 0.002 (choices). The ship's own size errs in the lightship too.
measured as (
    select
        *,
        deeper_t - lightship_t - stores_t as whole_t,
        sqrt(
            pow(displacement_spread * deeper_t, 2)
            + pow(0.15 * tonnes_a_metre, 2)
            + (pow(lightship_spread, 2) + pow(deadweight_spread / 2, 2)) * pow(lightship_t, 2)
            + pow(0.4 * stores_t, 2)
            + pow(0.005 * deadweight_t, 2)
            + pow(0.002 * deeper_t, 2)
        ) as whole_sd_t,
        deeper_t - lighter_t as difference_t,
        sqrt(
            pow(displacement_spread * (deeper_t - lighter_t), 2) + 2 * pow(0.15 * tonnes_a_metre, 2)
        ) as difference_sd_t,
        lighter_t - lightship_t - stores_t as kept_t
    from call
    where direction <> 'unknown' and (area_kind = 'berth' or draughts = 2) and deadweight_t is not null
),

-- What a cargo usually is, as shares of the deadweight: full, to the marks; what ships of the class
-- usually draw, which ports and light products limit; part cargoes as they draw; and small ones. The
-- share of part cargoes is that of the departures from Russia (laden_draught); that of small ones,
-- a tenth, and the even split between full and usual are choices.
prior as (
    select
        *,
        unnest([
            {
                'share': 0.45 * (1 - part_share),
                'mean': deadweight_t - stores_t - 0.01 * deadweight_t,
                'sd': 0.015 * deadweight_t
            },
            {
                'share': 0.45 * (1 - part_share),
                'mean': displacement_t * pow(laden_m / design_m, power) - lightship_t - stores_t,
                'sd': laden_spread * power * displacement_t * pow(laden_m / design_m, power)
            },
            {
                'share': 0.9 * part_share,
                'mean': displacement_t * pow(part_m / design_m, power) - lightship_t - stores_t,
                'sd': 1.5 * part_spread * power * displacement_t * pow(part_m / design_m, power)
            },
            {'share': 0.1, 'mean': 0.35 * deadweight_t, 'sd': 0.18 * deadweight_t}
        ]) as cargo
    from measured
),

-- The error of the deadweight is one of each of them.
sized as (
    select
        *,
        cargo.share as share,
        cargo.mean as mean_t,
        sqrt(pow(cargo.sd, 2) + pow(deadweight_spread * cargo.mean, 2)) as sd_t,
        sqrt(pow(sd_t, 2) + pow(whole_sd_t, 2)) as both_sd_t,
        -- The density of the draught that was seen, were the cargo of this kind.
        exp(-0.5 * pow((whole_t - mean_t) / both_sd_t, 2)) / both_sd_t / sqrt(2 * pi()) as likelihood,
        1 / (pow(sd_t, -2) + pow(whole_sd_t, -2)) as both_variance
    from prior
),

-- A draught is wrong in three of a hundred (a choice): then only the usual cargo is known. A lighter end of
-- which nothing is known is in ballast in nine of ten (a choice: few ships load or discharge at two
-- ports). Any cargo up to the deadweight is equally likely where nothing else is known.
part as (
    -- The draughts hold, and the lighter end is in ballast.
    select
        port_call_id,
        0.97 * share * likelihood * coalesce(lighter_ballast_p, 0.9) as weight,
        both_variance * (mean_t / pow(sd_t, 2) + whole_t / pow(whole_sd_t, 2)) as mean_t,
        sqrt(both_variance) as sd_t
    from sized
    where whole_t is not null
    union all
    -- They do not, or there is only the lighter one, or none.
    select
        port_call_id,
        case
            when whole_t is not null then 0.03 * share / deadweight_t
            else share * coalesce(lighter_ballast_p, 1)
        end as weight,
        mean_t,
        sd_t
    from sized
    union all
    -- The lighter end is not in ballast: the difference; between nothing and all where it is not known;
    -- the rest of the deadweight where only the lighter end is.
    select
        port_call_id,
        case
            when whole_t is not null
                then 0.97 * (1 - coalesce(lighter_ballast_p, 0.9)) / deadweight_t
            else 1 - coalesce(lighter_ballast_p, 1)
        end as weight,
        coalesce(
            difference_t,
            0.5 * whole_t,
            greatest(deadweight_t - stores_t - kept_t, 0.1 * deadweight_t),
            0
        ) as mean_t,
        coalesce(
            difference_sd_t,
            0.25 * abs(whole_t) + whole_sd_t,
            deadweight_spread * deadweight_t + 0.1 * deadweight_t,
            1
        ) as sd_t
    from measured
),

-- Twenty-one points of equal chance of each part, within what the ship can carry. Whole numbers, so
-- that no sum depends on its order; no random numbers.
quantile as (
    select
        probability,
        standard_normal(probability) as deviation
    from (select (unnest(range(21)) + 0.5) / 21 as probability)
),

scaled as (
    select
        part.*,
        part.weight / max(part.weight) over (partition by part.port_call_id) as relative_weight
    from part
),

point as (
    select
        scaled.port_call_id,
        round(1e9 * scaled.relative_weight)::bigint as weight,
        round(
            least(
                greatest(scaled.mean_t + quantile.deviation * scaled.sd_t, 0),
                measured.deadweight_t * (1 + case
                    when measured.deadweight_by = 'estimate' then 1.645 * measured.deadweight_spread
                    else 0
                end)
            )
        )::bigint as payload_t
    from scaled
    inner join measured on scaled.port_call_id = measured.port_call_id
    cross join quantile
    where round(1e9 * scaled.relative_weight) > 0
),

ranked as (
    select
        port_call_id,
        weight,
        payload_t,
        sum(weight) over (partition by port_call_id) as total,
        sum(weight) over (
            partition by port_call_id order by payload_t, weight
            rows between unbounded preceding and current row
        ) - weight / 2 as below
    from point
),

-- The ends of the interval lie between the two points on either side of them.
estimated as (
    select
        port_call_id,
        sum(weight::hugeint * payload_t) / sum(weight) as payload_t,
        sqrt(
            greatest(
                sum(weight::hugeint * payload_t * payload_t) / sum(weight)
                - pow(sum(weight::hugeint * payload_t) / sum(weight), 2),
                0
            )
        ) as payload_sd_t,
        between_points(
            max(payload_t) filter (where below <= 0.05 * total),
            max(below) filter (where below <= 0.05 * total),
            min(payload_t) filter (where below > 0.05 * total),
            min(below) filter (where below > 0.05 * total),
            0.05 * any_value(total)
        ) as low_t,
        between_points(
            max(payload_t) filter (where below <= 0.95 * total),
            max(below) filter (where below <= 0.95 * total),
            min(payload_t) filter (where below > 0.95 * total),
            min(below) filter (where below > 0.95 * total),
            0.95 * any_value(total)
        ) as high_t
    from ranked
    group by port_call_id
)

select
    call.port_call_id,
    call.direction,
    call.direction_by,
    call.laden_in,
    call.laden_out,
    round(estimated.payload_t, -2)::integer as payload_t,
    floor(estimated.low_t / 100)::integer * 100 as payload_low_90_t,
    ceil(estimated.high_t / 100)::integer * 100 as payload_high_90_t,
    -- A barrel is 0.158987 cubic metres.
    round(estimated.payload_t / call.density_t_m3 / 0.158987, -3)::integer as payload_bbl,
    case
        when estimated.port_call_id is null then 'none'
        when call.draughts = 2 then 'two draughts'
        when call.draughts = 1 then 'one draught'
        else 'terminal'
    end as method,
    case
        when call.deadweight_by = 'register' then call.deadweight_t::integer
        else round(call.deadweight_t, -2)::integer
    end as deadweight_t,
    call.deadweight_by,
    call.draught_change_m::float as draught_change_m,
    call.terminal_trade,
    case when estimated.port_call_id is not null then call.density_t_m3::float end as density_t_m3,
    round(estimated.payload_sd_t, -2)::integer as payload_sd_t,
    call.hull_class
from call
left join estimated on call.port_call_id = estimated.port_call_id
order by call.port_call_id

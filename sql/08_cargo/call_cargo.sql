-- Oil that each tanker call moved: an estimate with a 90 % interval, and the method that gave it.
-- Grain: one counted call of a tanker of `unread` (port_call_id).
-- Key: port_call_id.
-- What the draughts show where the lighter end is without cargo: all but lightship and stores; and
-- where it is not, the plain difference. Errors: the hull's curve; 0.1 m of reading and rounding, and a
-- hundredth of the draught for trim; four tenths of the stores; ballast and cargo that stay in the tanks,
-- 0.005 of the deadweight; the water's density, 0.002 (choices). The ship's own size errs in the
-- lightship too.
with measured as (
    select
        *,
        0.1 * tonnes_a_metre + 0.01 * power * deeper_t as reading_t,
        deeper_t - lightship_t - stores_t as whole_t,
        sqrt(
            pow(displacement_spread * deeper_t, 2)
            + pow(reading_t, 2)
            + (pow(lightship_spread, 2) + pow(deadweight_spread / 2, 2)) * pow(lightship_t, 2)
            + pow(0.4 * stores_t, 2)
            + pow(0.005 * deadweight_t, 2)
            + pow(0.002 * deeper_t, 2)
        ) as whole_sd_t,
        deeper_t - lighter_t as difference_t,
        sqrt(
            pow(displacement_spread * (deeper_t - lighter_t), 2) + 2 * pow(reading_t, 2)
        ) as difference_sd_t,
        lighter_t - lightship_t - stores_t as kept_t,
        -- Cargo that may take the place of ballast without a change of the draught.
        displacement_t * pow(ballast_m / design_m, power) - lightship_t - stores_t as hidden_t,
        -- To the marks, or 98 % of the tanks (general knowledge, unverified).
        least(deadweight_t - stores_t - 0.01 * deadweight_t, 0.98 * tank_m3 * density_t_m3) as full_t,
        -- In ballast where nothing is known of the lighter end: nine of ten, a choice.
        coalesce(lighter_ballast_p, 0.9) as empty_p,
        coalesce(deeper_ballast_p, 0) as masked_p,
        -- One call in ten of a ship that seems to be in ballast is one of several of her voyage, and she has
        -- the cargo of another on board: a choice.
        0.1 as several_p,
        -- Stores, repairs: three calls at a berth in a hundred move no cargo, and one in ten of those in
        -- which the draught stayed as it was, which crews forget more often; nine in ten of the brief ones
        -- (choices).
        case when is_brief then 0.9 when is_unset then 0.1 else 0.03 end as idle_p
    from unread
    where is_measured and deadweight_t is not null
),

-- What a cargo usually is: full; what ships of the class usually draw, which ports and light products
-- limit; part cargoes, and small ones. The shares are choices: of departures from Russia a sixth are
-- partly laden (laden_draught).
prior as (
    select
        *,
        unnest([
            {'share': 0.4, 'mean': full_t, 'sd': 0.02 * deadweight_t},
            {
                'share': 0.35,
                'mean': least(
                    displacement_t * pow(laden_m / design_m, power) - lightship_t - stores_t, full_t
                ),
                'sd': laden_spread * power * displacement_t * pow(laden_m / design_m, power)
            },
            {'share': 0.2, 'mean': 0.6 * full_t, 'sd': 0.18 * full_t},
            {'share': 0.05, 'mean': 0.25 * full_t, 'sd': 0.12 * full_t}
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
        -- The density of the deeper draught, were the cargo of this kind.
        exp(-0.5 * pow((whole_t - mean_t) / both_sd_t, 2)) / both_sd_t / sqrt(2 * pi()) as likelihood,
        1 / (pow(sd_t, -2) + pow(whole_sd_t, -2)) as both_variance,
        both_variance * (mean_t / pow(sd_t, 2) + whole_t / pow(whole_sd_t, 2)) as both_mean_t
    from prior
),

evidence as (
    select
        port_call_id,
        list_sum(list(share * likelihood order by mean_t, sd_t)) as likelihood
    from sized
    group by port_call_id
),

-- A draught is wrong in three of a hundred (a choice): then only the usual cargo is known. Where
-- nothing is known any cargo up to the deadweight is equally likely.
part as (
    -- The deeper draught holds, and the ship is without cargo at the lighter end.
    select
        port_call_id,
        0.97 * share * likelihood * empty_p * (1 - several_p) * (1 - masked_p) as weight,
        both_mean_t as mean_t,
        sqrt(both_variance) as sd_t
    from sized
    where whole_t is not null
    union all
    -- So it is, but for cargo of other berths that lies there in the place of ballast.
    select
        port_call_id,
        0.97 * share * likelihood * empty_p * several_p * (1 - masked_p) as weight,
        both_mean_t - hidden_t / 2 as mean_t,
        sqrt(both_variance + pow(hidden_t, 2) / 12) as sd_t
    from sized
    where whole_t is not null
    union all
    -- The deeper draught is wrong, or there is only the lighter one, or none.
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
    -- Nothing was moved: where no deeper draught says otherwise.
    select
        port_call_id,
        idle_p / (1 - idle_p) as weight,
        0 as mean_t,
        1 as sd_t
    from measured
    where whole_t is null
    union all
    -- She has cargo at the lighter end: the difference; between nothing and all where that end is not
    -- known; the rest of the deadweight where only that end is.
    select
        measured.port_call_id,
        coalesce(
            0.97 * evidence.likelihood * (1 - measured.empty_p) * (1 - measured.masked_p),
            1 - coalesce(measured.lighter_ballast_p, 1)
        ) as weight,
        coalesce(
            measured.difference_t,
            measured.whole_t / 2,
            greatest(measured.full_t - measured.kept_t, 0.1 * measured.deadweight_t),
            0
        ) as mean_t,
        coalesce(
            measured.difference_sd_t,
            sqrt(pow(measured.whole_t, 2) / 12 + pow(measured.whole_sd_t, 2)),
            (measured.deadweight_spread + 0.1) * measured.deadweight_t,
            1
        ) as sd_t
    from measured
    inner join evidence on measured.port_call_id = evidence.port_call_id
    union all
    -- She is at the draught of ballast at the deeper end too: any cargo that ballast hides. Small ones
    -- are a twentieth of the cargoes.
    select
        port_call_id,
        0.97 * masked_p * 0.05 / (0.4 * deadweight_t) as weight,
        greatest(whole_t, hidden_t) / 2 as mean_t,
        greatest(whole_t, hidden_t) / sqrt(12) as sd_t
    from measured
    where masked_p > 0
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

-- The interval leaves out a twentieth on either side; where nothing at all is a twentieth or more, it begins
-- there, and leaves out a tenth above.
sought as (
    select
        port_call_id,
        unnest([
            {'quantile': 'low', 'probability': 0.05},
            {'quantile': 'middle', 'probability': 0.5},
            {
                'quantile': 'high',
                'probability': case
                    when coalesce(max(below) filter (where payload_t = 0), 0) >= 0.05 * any_value(total)
                        then 0.9
                    else 0.95
                end
            }
        ], recursive := true)
    from ranked
    group by port_call_id
),

-- Quantiles lie between the two points on either side of them.
reached as (
    select
        ranked.port_call_id,
        sought.quantile,
        between_points(
            max(ranked.payload_t) filter (where ranked.below <= sought.probability * ranked.total),
            max(ranked.below) filter (where ranked.below <= sought.probability * ranked.total),
            min(ranked.payload_t) filter (where ranked.below > sought.probability * ranked.total),
            min(ranked.below) filter (where ranked.below > sought.probability * ranked.total),
            sought.probability * any_value(ranked.total)
        ) as payload_t
    from ranked
    inner join sought on ranked.port_call_id = sought.port_call_id
    group by ranked.port_call_id, sought.quantile, sought.probability
),

moment as (
    select
        port_call_id,
        sum(weight::hugeint * payload_t) / sum(weight) as mean_t,
        sum(weight::hugeint * payload_t * payload_t) / sum(weight) as mean_square
    from ranked
    group by port_call_id
),

estimated as (
    select
        moment.port_call_id,
        any_value(moment.mean_t) as mean_t,
        sqrt(greatest(any_value(moment.mean_square) - pow(any_value(moment.mean_t), 2), 0)) as sd_t,
        max(reached.payload_t) filter (where reached.quantile = 'low') as low_t,
        max(reached.payload_t) filter (where reached.quantile = 'middle') as middle_t,
        max(reached.payload_t) filter (where reached.quantile = 'high') as high_t
    from moment
    inner join reached on moment.port_call_id = reached.port_call_id
    group by moment.port_call_id
)

select
    call.port_call_id,
    call.direction,
    call.direction_by,
    call.laden_in,
    call.laden_out,
    round(estimated.middle_t, -2)::integer as payload_t,
    floor(estimated.low_t / 100)::integer * 100 as payload_low_90_t,
    ceil(estimated.high_t / 100)::integer * 100 as payload_high_90_t,
    round(estimated.middle_t / call.density_t_m3 / rule('barrel_m3'), -3)::integer as payload_bbl,
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
    round(estimated.mean_t, -2)::integer as payload_mean_t,
    round(estimated.sd_t, -2)::integer as payload_sd_t,
    call.hull_class
from unread as call
left join estimated on call.port_call_id = estimated.port_call_id
order by call.port_call_id

-- Direction of the oil, ship size and estimated quantity of each tanker call.
-- Grain: one counted call of a tanker (port_call_id).
with counted as (
    select distinct
        counted_call.port_call_id,
        counted_call.port_id,
        counted_call.area_kind
    from counted_call
    inner join series on counted_call.series = series.series
    where series.cargo = 'tanker'
),

sized as (
    select
        counted.port_call_id,
        port_call.draught_in_m::double as draught_in_m,
        port_call.draught_out_m::double as draught_out_m,
        -- For anchorage calls the trade of the terminal does not apply.
        case when counted.area_kind = 'berth' then terminal.terminal_trade end
            as terminal_trade,
        hull.deadweight_t,
        hull.tanker_kind,
        -- The longest ship ever was a tanker of 458.5 by 68.8 m. The formulas below were not checked
        -- on ships below 60 m. The length of tankers is 5.5 to 8.8 times their beam (the ships in
        -- tests/sql/test_08_cargo.py); 4 and 10 leave room for rounding to whole metres.
        case
            when
                hull.length_m between 60 and 460
                and hull.beam_m between 8 and 70
                and hull.length_m / hull.beam_m between 4 and 10
                then hull.length_m::double
        end as length_m,
        hull.beam_m::double as beam_m
    from counted
    inner join port_call on counted.port_call_id = port_call.port_call_id
    inner join call_identity as identity on counted.port_call_id = identity.port_call_id
    left join hull on identity.hull_id = hull.hull_id
    left join terminal on counted.port_id = terminal.port_id
),

-- The full draught of a crude tanker is 0.0617 times its length overall and 1.04 m, its block
-- coefficient 0.79 (Danish Maritime Authority, RiskEngine, consequence/Ship). Of the displacement
-- (1.025 t a cubic metre of sea water) 0.84 is deadweight (Barrass, Ship Design and Performance for
-- Masters and Mates, 2004: 0.80 to 0.86 for oil tankers). For twelve well-known tankers
-- the error is -11 % to +16 %. A metre of draught is 0.87 of length overall by beam of sea water:
-- 0.866 for the tanker of 333 m in SbS_PSV, dimensions.m (15,710 square metres); by Derrett and
-- Barrass, Ship Stability for Masters and Mates, two thirds of the block coefficient and a third.
estimated as (
    select
        *,
        0.0617 * length_m + 1.0353 as full_draught_m,
        0.84 * 1.025 * 0.79 * length_m * beam_m * (0.0617 * length_m + 1.0353) as estimated_t,
        0.87 * 1.025 * length_m * beam_m as tonnes_a_metre
    from sized
),

-- 25.5 m in AIS means 25.5 or more (ITU-R M.1371). A draught more than a quarter above the full
-- draught, or less than a hundredth of the length (an empty hull), is not plausible: both are choices.
-- 41 tankers off the United States on 11 January 2023 (MarineCadastre) drew 0.50 to 1.07 of that
-- full draught, and 0.033 of their length and more.
plausible as (
    select
        *,
        case
            when
                draught_in_m < 25.5
                and draught_in_m <= coalesce(1.25 * full_draught_m, draught_in_m)
                and draught_in_m >= coalesce(0.01 * length_m, draught_in_m)
                then draught_in_m
        end as in_m,
        case
            when
                draught_out_m < 25.5
                and draught_out_m <= coalesce(1.25 * full_draught_m, draught_out_m)
                and draught_out_m >= coalesce(0.01 * length_m, draught_out_m)
                then draught_out_m
        end as out_m
    from estimated
),

changed as (
    select
        *,
        round(out_m - in_m, 1) as draught_change_m,
        -- More than bunkers and trim: a fifth of the deeper draught, and at least half a metre, a
        -- choice. A tanker of 330 m in ballast draws 8.6 m at least (MARPOL Annex I, regulation
        -- 18: 2.0 + 0.02 L) and 10 m in heavy weather; cargo takes it to 21. Less than a fifth may
        -- be a part of a cargo: unknown. More than the ship can carry (with a quarter for errors in
        -- the size) is not cargo.
        abs(out_m - in_m) >= greatest(rule('draught_change_share')::float * greatest(in_m, out_m), 0.5) - 1e-6
        and abs(out_m - in_m) * coalesce(tonnes_a_metre, 0)
        <= 1.25 * coalesce(deadweight_t, estimated_t, 0) as is_cargo
    from plausible
),

classified as (
    select
        *,
        case
            when is_cargo and draught_change_m > 0 then 'loading'
            when is_cargo then 'discharging'
        end as by_draught,
        nullif(terminal_trade, 'both') as by_terminal,
        case
            when deadweight_t is not null then deadweight_t
            -- Slender ones are river and Caspian types, limited by shallow water: Volgoneft,
            -- 132.6 by 16.9 m, carries 5,000 t where the formula gives 14,000. Gas carriers have
            -- less draught than tankers of the same size.
            when length_m / beam_m <= 7.5 and tanker_kind is distinct from 'gas'
                then round(estimated_t, -2)::integer
        end as capacity_t
    from changed
),

-- A full cargo is 0.98 of the deadweight, less a few per cent of fuel, water and stores. Ballast
-- moves the other way: put back by half of the change, a choice.
moved as (
    select
        *,
        coalesce(by_draught, by_terminal, 'unknown') as direction,
        case
            when by_draught is not null and tonnes_a_metre is not null
                then least(
                    1.5 * abs(draught_change_m) * tonnes_a_metre,
                    0.96 * coalesce(capacity_t, estimated_t)
                )
            when by_draught is null and by_terminal is not null then 0.9 * capacity_t
        end as payload_t
    from classified
)

select
    port_call_id,
    direction,
    case
        when by_draught = by_terminal then 'draught; terminal'
        when by_draught is not null then 'draught'
        when by_terminal is not null then 'terminal'
    end as direction_by,
    case
        when by_draught = 'loading' then 'ballast' when by_draught = 'discharging' then 'laden'
        else 'unknown'
    end as laden_in,
    case
        when by_draught = 'loading' then 'laden' when by_draught = 'discharging' then 'ballast'
        else 'unknown'
    end as laden_out,
    round(payload_t, -2)::integer as payload_t,
    round(case when by_draught is null then 0.5 else 0.7 end * payload_t, -2)::integer
        as payload_low_90_t,
    round(least(case when by_draught is null then 1.1 else 1.3 end * payload_t, coalesce(capacity_t, estimated_t)), -2)::integer
        as payload_high_90_t,
    -- 7.33 barrels a tonne of crude oil (BP, Statistical Review of World Energy, conversion factors).
    round(7.33 * payload_t, -3)::integer as payload_bbl,
    case
        when payload_t is null then 'none'
        when by_draught is not null then 'two draughts'
        else 'terminal'
    end as method,
    capacity_t as deadweight_t,
    case
        when deadweight_t is not null then 'register'
        when capacity_t is not null then 'estimate'
    end as deadweight_by,
    draught_change_m::float as draught_change_m,
    terminal_trade,
    case when payload_t is not null then 0.858::float end as density_t_m3
from moved
order by port_call_id

-- Direction of the oil of each counted tanker call, and the tonnes that its draughts show, with their error.
-- Grain: one counted call of a tanker (port_call_id).
with counted as (
    select distinct
        counted_call.port_call_id,
        counted_call.port_id,
        counted_call.hull_id,
        counted_call.water,
        counted_call.area_kind
    from counted_call
    inner join series on counted_call.series = series.series
    where series.cargo = 'tanker'
),

drawn as (
    select
        counted.port_call_id,
        counted.port_id,
        counted.area_kind,
        -- For anchorage calls the trade of the terminal does not apply.
        case when counted.area_kind = 'berth' then terminal.terminal_trade end as terminal_trade,
        call_draught.draught_in_m as in_m,
        call_draught.draught_out_m as out_m,
        call_draught.is_unset,
        call_draught.is_brief,
        on_arrival.state as state_in,
        on_arrival.ballast_p as in_ballast_p,
        on_arrival.laden_p as in_laden_p,
        on_departure.state as state_out,
        on_departure.ballast_p as out_ballast_p,
        on_departure.laden_p as out_laden_p,
        -- Displacement in the water of the port, by the design draught.
        hull_curve.displacement_t * water_density.density_t_m3 / 1.025
            / pow(hull_curve.design_m, hull_curve.power) as coefficient,
        hull_curve.power,
        hull_curve.hull_id as sized_hull_id
    from counted
    left join terminal on counted.port_id = terminal.port_id
    left join water_density on counted.water = water_density.water
    -- The largest tankers of the Caspian carry 13,000 t (hull_form), and the Volga lets no larger ones in. One
    -- that seems to be of more than 20,000 t there (a choice) has sent a wrong size, and none is known.
    left join hull_curve
        on
            counted.hull_id = hull_curve.hull_id
            and (counted.water <> 'Caspian' or hull_curve.deadweight_t <= 20000)
    left join call_draught on counted.port_call_id = call_draught.port_call_id
    left join draught_state as on_arrival
        on
            hull_curve.hull_id = on_arrival.hull_id
            and call_draught.draught_in_m = on_arrival.draught_m
    left join draught_state as on_departure
        on
            hull_curve.hull_id = on_departure.hull_id
            and call_draught.draught_out_m = on_departure.draught_m
),

-- More than bunkers and trim: a fifth of the deeper draught, and at least half a metre, a choice. A
-- tanker of 330 m in ballast draws 8.6 m at least (MARPOL Annex I, regulation 18: 2.0 + 0.02 L) and
-- 10 m in heavy weather; cargo takes it to 21.
changed as (
    select
        *,
        round(out_m - in_m, 1) as draught_change_m,
        abs(out_m - in_m)
        >= greatest(rule('draught_change_share')::float * greatest(in_m, out_m), 0.5) - 1e-6
            as is_cargo
    from drawn
),

directed as (
    select
        *,
        case
            when is_cargo and draught_change_m > 0 then 'loading'
            when is_cargo then 'discharging'
        end as by_change,
        nullif(terminal_trade, 'both') as by_terminal,
        coalesce(by_change <> by_terminal, false) as is_contested,
        -- At a terminal for both a ship that comes in ballast loads, and one that comes laden
        -- discharges; and so on departure. Four in five, a choice.
        case
            when terminal_trade is distinct from 'both' then null
            when out_m is null and in_ballast_p >= 0.8 then 'loading'
            when out_m is null and in_laden_p >= 0.8 then 'discharging'
            when in_m is null and out_laden_p >= 0.8 then 'loading'
            when in_m is null and out_ballast_p >= 0.8 then 'discharging'
        end as by_state,
        coalesce(by_change, by_terminal, by_state) as shown_direction
    from changed
),

-- The end at which the ship is heavy, after loading or before discharging, and the other one.
sided as (
    select
        *,
        coalesce(shown_direction = 'loading', false) as is_loading,
        case when is_loading then out_m else in_m end as deeper_m,
        case when is_loading then out_ballast_p else in_ballast_p end as deeper_ballast_p,
        case when is_loading then in_m else out_m end as lighter_m,
        case when is_loading then in_ballast_p else out_ballast_p end as lighter_ballast_p,
        case when is_loading then in_laden_p else out_laden_p end as lighter_laden_p
    from directed
),

-- Two draughts that contradict the terminal by less than a cargo show nothing of the lighter end, but
-- where both are of a ship in ballast: a part cargo takes the place of ballast, and the draught stays. A
-- draught of a laden ship before she loads, or after she discharged, was not set in six of ten (a choice),
-- unless both draughts show a cargo: then she was empty.
believed as (
    select
        *,
        shown_direction is not null and (area_kind = 'berth' or is_cargo) as is_measured,
        coalesce(lighter_laden_p >= 0.5 and not coalesce(is_cargo, false), false) as is_lighter_laden,
        is_measured
        and lighter_m is not null
        and coalesce(deeper_m > lighter_m or deeper_ballast_p >= 0.5, not is_lighter_laden) as has_lighter,
        is_measured
        and deeper_m is not null
        and (has_lighter or lighter_m is null or is_lighter_laden) as has_deeper
    from sided
),

afloat as (
    select
        *,
        case when has_deeper then coefficient * pow(deeper_m, power) end as deeper_t,
        case when has_lighter then coefficient * pow(lighter_m, power) end as lighter_t
    from believed
)

select
    port_call_id,
    port_id,
    sized_hull_id,
    area_kind,
    terminal_trade,
    -- Crews often leave a draught of the leg before: of 102 simulated calls whose draughts contradicted the
    -- terminal, 60 had gone the terminal's way. The amount that the draughts show stands.
    case when is_contested then 'unknown' else coalesce(shown_direction, 'unknown') end as direction,
    case
        when is_contested then 'draught, against the terminal'
        when by_change = by_terminal then 'draught; terminal'
        when by_change is not null then 'draught'
        when by_terminal is not null then 'terminal'
        when by_state is not null then 'draught'
    end as direction_by,
    is_measured,
    has_deeper::integer + has_lighter::integer as draughts,
    draught_change_m,
    coalesce(state_in, 'unknown') as laden_in,
    coalesce(state_out, 'unknown') as laden_out,
    deeper_t,
    lighter_t,
    -- Tonnes a metre at the deeper draught.
    power * deeper_t / deeper_m as tonnes_a_metre,
    case when has_deeper then deeper_ballast_p end as deeper_ballast_p,
    coalesce(is_unset, false) as is_unset,
    coalesce(is_brief, false) as is_brief,
    case when has_lighter and is_lighter_laden then 0.6 when has_lighter then lighter_ballast_p end
        as lighter_ballast_p
from afloat
order by port_call_id

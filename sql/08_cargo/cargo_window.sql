-- All that the oil of a call follows from: while none of it changes, call_cargo takes over its estimate.
-- Grain: one counted call of a tanker (port_call_id).
select
    measure.port_call_id,
    measure.terminal_trade,
    measure.direction,
    measure.direction_by,
    measure.is_measured,
    measure.draughts,
    measure.draught_change_m,
    measure.laden_in,
    measure.laden_out,
    measure.deeper_t,
    measure.lighter_t,
    measure.tonnes_a_metre,
    measure.deeper_ballast_p,
    measure.is_unset,
    measure.is_brief,
    measure.lighter_ballast_p,
    hull_curve.hull_class,
    hull_curve.deadweight_by,
    hull_curve.deadweight_t,
    hull_curve.deadweight_spread,
    hull_curve.displacement_t,
    hull_curve.displacement_spread,
    hull_curve.lightship_t,
    hull_curve.lightship_spread,
    hull_curve.stores_t,
    hull_curve.tank_m3,
    hull_curve.power,
    hull_curve.design_m,
    hull_curve.laden_m,
    hull_curve.laden_spread,
    hull_curve.ballast_m,
    -- Liquefied petroleum gas: 0.51 to 0.58 (general knowledge, unverified).
    case when hull_curve.hull_class = 'gas' then 0.55 else terminal.density_t_m3 end
        as density_t_m3,
    -- It reads no fix of the lake.
    []::integer[] as mmsis,
    null::timestamp as from_at,
    null::timestamp as to_at
from call_measure as measure
left join hull_curve on measure.sized_hull_id = hull_curve.hull_id
left join terminal on measure.port_id = terminal.port_id
order by measure.port_call_id

-- Whether each tanker was laden on each leg from one stop to the next, in Iran and at Russian oil ports, by its draught and the trade of both ports.
-- Grain: one leg of a hull (leg_id).
with stop as (
    select
        call.port_call_id,
        call_draught.hull_id,
        call.mmsi,
        call.port_id,
        call.arrived_at,
        coalesce(call.departed_at, 'infinity'::timestamp) as last_at,
        -- Russian oil ports load. An anchorage is not the terminal.
        case
            when call.area_kind <> 'berth' then null
            when port.trade_tier is not null then 'loading'
            else terminal.terminal_trade
        end as trade,
        call_draught.draught_in_m,
        call_draught.draught_out_m
    from call_draught
    inner join track_call as call on call_draught.port_call_id = call.port_call_id
    inner join port on call.port_id = port.port_id
    left join terminal on call.port_id = terminal.port_id
    where call.confidence >= rule('counted_confidence')
),

-- Stops of two transmitters of one hull overlap: a leg begins when the last one is over.
followed as (
    select
        *,
        max(last_at) over earlier as before_last_at,
        arg_max(port_call_id, (last_at, port_call_id)) over earlier as before_id
    from stop
    window earlier as (
        partition by hull_id order by arrived_at, port_call_id
        rows between unbounded preceding and 1 preceding
    )
),

last_stop as (
    select
        hull_id,
        arg_max(port_call_id, (last_at, port_call_id)) as port_call_id
    from stop
    group by hull_id
    having max(last_at) < 'infinity'::timestamp
),

leg as (
    select
        hull_id,
        before_id as from_id,
        port_call_id as to_id
    from followed
    where before_id is null or arrived_at > before_last_at
    union all
    select
        hull_id,
        port_call_id as from_id,
        null as to_id
    from last_stop
),

drawn as (
    select
        leg.hull_id,
        coalesce(following.mmsi, preceding.mmsi) as mmsi,
        leg.from_id,
        leg.to_id,
        preceding.last_at as began_at,
        following.arrived_at as ended_at,
        preceding.port_id as from_port_id,
        following.port_id as to_port_id,
        coalesce(following.draught_in_m, preceding.draught_out_m) as draught_m,
        preceding.trade as from_trade,
        following.trade as to_trade
    from leg
    left join stop as preceding on leg.from_id = preceding.port_call_id
    left join stop as following on leg.to_id = following.port_call_id
),

-- Of ships that leave a terminal that loads, 85 in 100 are laden, as of those that come to one that
-- discharges; the other way round they are in ballast (choices). Where the two ports contradict each
-- other, something happened in between that was not heard, and they cancel out.
weighed as (
    select
        drawn.*,
        pow(
            0.85 / 0.15,
            case from_trade when 'loading' then 1 when 'discharging' then -1 else 0 end
            + case to_trade when 'discharging' then 1 when 'loading' then -1 else 0 end
        ) as laden_odds,
        -- One draught in five is of another leg (a choice; Harati-Mokhtari et al., Journal of
        -- Navigation 60, 2007, found many that were wrong or old) and is no evidence. Then half of all
        -- legs are in ballast, as in draught_state, and of the others a sixth with a part cargo.
        state.ballast_p is not null as has_draught,
        case when has_draught then 0.2 else 1 end as stale_p,
        (1 - stale_p) * coalesce(state.ballast_p, 0) + stale_p * 0.5 as ballast_weight,
        ((1 - stale_p) * coalesce(state.part_p, 0) + stale_p * 0.08) * sqrt(laden_odds) as part_weight,
        ((1 - stale_p) * coalesce(state.laden_p, 0) + stale_p * 0.42) * laden_odds as laden_weight
    from drawn
    left join draught_state as state
        on drawn.hull_id = state.hull_id and drawn.draught_m = state.draught_m
),

shared as (
    select
        *,
        ballast_weight / (ballast_weight + part_weight + laden_weight) as ballast_p,
        part_weight / (ballast_weight + part_weight + laden_weight) as part_p,
        laden_weight / (ballast_weight + part_weight + laden_weight) as laden_p
    from weighed
)

select
    -- Hash of the hull and the two stops.
    left(md5(concat_ws(' ', hull_id, coalesce(from_id, 'first'), coalesce(to_id, 'last'))), 16) as leg_id,
    hull_id,
    mmsi,
    from_port_id,
    to_port_id,
    began_at,
    ended_at,
    case when has_draught then draught_m end::float as draught_m,
    -- Without a draught, and of ports that say nothing or contradict each other, nothing is known.
    case
        when not has_draught and abs(laden_odds - 1) < 1e-6 then 'unknown'
        when ballast_p >= 0.5 then 'ballast'
        when laden_p >= 0.5 then 'laden'
        when part_p >= 0.5 then 'part'
        else 'unknown'
    end as state,
    case
        when has_draught and abs(laden_odds - 1) > 1e-6 then 'draught; ports'
        when has_draught then 'draught'
        when abs(laden_odds - 1) > 1e-6 then 'ports'
    end as state_by,
    case when has_draught or abs(laden_odds - 1) > 1e-6 then round(laden_p, 3) end::float
        as laden_probability,
    from_id as from_port_call_id,
    to_id as to_port_call_id
from shared
order by hull_id, began_at nulls first, ended_at, leg_id

-- The calls of Russian-linked tankers that move oil, with the estimate of each: what oil_volume adds up.
-- Grain: one series and call of the headline at a berth, or elsewhere with a transfer (series, port_call_id).
with moving as (
    select
        counted_call.*,
        case when counted_call.water = 'Caspian' then 'Caspian' else 'Gulf and Gulf of Oman' end
            as coast
    from counted_call
    inner join call_cargo on counted_call.port_call_id = call_cargo.port_call_id
    where
        counted_call.is_headline
        and counted_call.is_russian_linked
        and (counted_call.area_kind = 'berth' or call_cargo.method <> 'none')
)

select
    call.series,
    call.week,
    call.coast as water,
    call.port_call_id,
    call.link_tier,
    call.was_known_at_call,
    cargo.direction,
    -- The chance that the direction is wrong, by what it is from (choices; of 2,300 simulated calls 0.2 in a
    -- hundred where draught and terminal agree, 2 and 3 where there is one of them, and 59 where they contradict
    -- each other).
    case cargo.direction_by
        when 'draught; terminal' then 0.01
        when 'draught, against the terminal' then 0.5
        else 0.03
    end::double as wrong_p,
    -- The chance that the call loaded: half where draught and terminal contradict each other; else a direction
    -- that is not known is as in the other calls of the water at terminals for both, with one more of each: what
    -- happens at a terminal that only loads tells nothing of the others.
    case
        when cargo.direction_by = 'draught, against the terminal' then 0.5
        when cargo.direction = 'unknown'
            then
                (count(*) filter (where cargo.direction = 'loading') over alike + 1)
                / (count(*) filter (where cargo.direction <> 'unknown') over alike + 2)
        else (cargo.direction = 'loading')::integer
    end::double as loading_p,
    cargo.method,
    port_call.departed_at is null as is_in_port,
    -- Means add up; the best single guess of a call, payload_t, is a median.
    cargo.payload_mean_t::double as payload_t,
    cargo.payload_sd_t::double as payload_sd_t,
    cargo.payload_mean_t / cargo.density_t_m3 / rule('barrel_m3') as payload_bbl
from moving as call
inner join call_cargo as cargo on call.port_call_id = cargo.port_call_id
inner join port_call on call.port_call_id = port_call.port_call_id
-- Calls up to the call's own week: a week's numbers do not change with what later weeks bring.
window alike as (partition by call.series, call.coast, cargo.terminal_trade order by call.week)
order by call.series, call.port_call_id

-- The calls of Russian-linked tankers that move oil, with the estimate of each: what oil_volume adds up.
-- Grain: one series and call of the headline at a berth, or elsewhere with a transfer (series, port_call_id).
select
    counted_call.series,
    counted_call.week,
    case when counted_call.water = 'Caspian' then 'Caspian' else 'Gulf and Gulf of Oman' end
        as water,
    counted_call.port_call_id,
    counted_call.link_tier,
    counted_call.was_known_at_call,
    cargo.direction,
    cargo.method,
    -- Means add up; the best single guess of a call, payload_t, is a median.
    cargo.payload_mean_t::double as payload_t,
    cargo.payload_sd_t::double as payload_sd_t,
    cargo.payload_mean_t / cargo.density_t_m3 / rule('barrel_m3') as payload_bbl
from counted_call
inner join call_cargo as cargo on counted_call.port_call_id = cargo.port_call_id
where
    counted_call.is_headline
    and counted_call.is_russian_linked
    and (counted_call.area_kind = 'berth' or cargo.method <> 'none')
order by counted_call.series, counted_call.port_call_id

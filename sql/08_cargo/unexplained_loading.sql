-- Tankers that came out of a silence deeper by a fifth of their design draught, with time for an Iranian terminal and without a heard call; not counted.
-- Grain: one silence of a hull (loading_id).
-- Key: loading_id.
select
    -- Hash of the hull and the start of the silence.
    left(md5(concat_ws(' ', 'loading', risen.hull_id, epoch_us(risen.from_at))), 16) as loading_id,
    strftime(risen.to_at, '%G-W%V') as week,
    risen.hull_id,
    risen.mmsi,
    hull.imo,
    hull.vessel_name,
    risen.from_at as silent_from,
    risen.to_at as silent_to,
    risen.hours::float as hours,
    risen.draught_before_m::float as draught_before_m,
    risen.draught_after_m::float as draught_after_m,
    risen.from_lon,
    risen.from_lat,
    risen.to_lon,
    risen.to_lat,
    reach.terminals[1].port_id as port_id,
    reach.terminals,
    reach.foreign_ports,
    concat_ws(
        '; ',
        printf(
            'draught %.1f -> %.1f m, a fifth of %.1f m is %.1f',
            risen.draught_before_m,
            risen.draught_after_m,
            risen.design_m,
            rule('unexplained_rise_share')::double * risen.design_m
        ),
        printf('silent %.0f h, and no call heard since the draught before was set', risen.hours),
        reach.terminals_text,
        reach.foreign_text
    ) as reasons
from hidden_change as risen
inner join terminal_reach as reach
    on
        risen.kind = reach.kind
        and risen.hull_id = reach.hull_id
        and risen.from_at = reach.from_at
inner join hull on risen.hull_id = hull.hull_id
where risen.kind = 'silence' and risen.direction = 'loading'
order by silent_from, loading_id

-- The shortest way by sea between each Iranian port and each Russian oil port.
-- Grain: one Iranian and one Russian port with a way between them (port_id, russian_port_id).
with recursive reached (port_id, point, length_m) using key (port_id, point) as (
    select
        port_id,
        port_id as point,
        0 as length_m
    from port
    where country = 'IR'
    union
    -- Round by round one leg further, where no shorter way leads there.
    select
        reached.port_id,
        leg.to_point as point,
        min(reached.length_m + leg.length_m) as length_m
    from reached
    inner join sea_leg as leg on reached.point = leg.from_point
    left join recurring.reached as known
        on
            reached.port_id = known.port_id
            and leg.to_point = known.point
    where known.length_m is null or reached.length_m + leg.length_m < known.length_m
    group by reached.port_id, leg.to_point
)

select
    reached.port_id,
    port.port_id as russian_port_id,
    round(reached.length_m / 1852)::integer as distance_nm
from reached
inner join port on reached.point = port.port_id
where port.trade_tier is not null
order by reached.port_id, port.port_id

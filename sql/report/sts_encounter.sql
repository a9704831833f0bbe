-- A week's ship-to-ship transfers of a tanker linked to Russia, or on the way of a cargo from Iran to Russia's trade; not counted.
-- Grain: one pair of tankers that met in $week (sts_id).
-- Key: sts_id.
with chained as (
    select
        sts_id,
        string_agg(distinct port.name, ', ' order by port.name) as loaded_at
    from sts_chain
    inner join port on sts_chain.port_id = port.port_id
    group by sts_id
)

select
    sts.week,
    sts.began_at,
    sts.ended_at,
    round(sts.hours::double, 1) as hours,
    area.name as area_name,
    round(sts.lon, 3) as lon,
    round(sts.lat, 3) as lat,
    sts.vessel_name_a,
    sts.imo_a,
    sts.mmsi_a,
    sts.link_tier_a,
    sts.vessel_name_b,
    sts.imo_b,
    sts.mmsi_b,
    sts.link_tier_b,
    case
        when sts.giver_hull_id = sts.hull_id_a then 'a to b'
        when sts.giver_hull_id = sts.hull_id_b then 'b to a'
    end as direction,
    chained.loaded_at,
    sts.reasons,
    sts.sts_id
from sts_encounter as sts
left join sts_area as area on sts.sts_area_id = area.sts_area_id
left join chained on sts.sts_id = chained.sts_id
where
    sts.week = $week
    and sts.kind = 'sts'
    and (
        sts.link_tier_a in ('strong', 'moderate')
        or sts.link_tier_b in ('strong', 'moderate')
        or chained.sts_id is not null
    )
order by sts.began_at, sts.sts_id

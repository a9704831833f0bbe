-- The ways of a cargo from an Iranian terminal over transfers between ships on which a ship is.
-- Grain: one transfer of one chain. Parameter: $hull_id.
with own as (
    select distinct chain_id
    from sts_chain
    where from_hull_id = $hull_id or to_hull_id = $hull_id
)

select
    chain.chain_id,
    chain.hop,
    chain.hops,
    port.name as port_name,
    chain.departed_at,
    giver.vessel_name as from_name,
    chain.from_hull_id,
    taker.vessel_name as to_name,
    chain.to_hull_id,
    chain.began_at,
    chain.is_giver_known,
    chain.last_link_tier,
    chain.russian_arrived_at,
    chain.reasons,
    chain.port_call_id,
    chain.sts_id
from sts_chain as chain
inner join own on chain.chain_id = own.chain_id
inner join port on chain.port_id = port.port_id
left join hull as giver on chain.from_hull_id = giver.hull_id
left join hull as taker on chain.to_hull_id = taker.hull_id
order by chain.departed_at, chain.chain_id, chain.hop

-- Ways of a cargo from an Iranian terminal over other ships to a ship in Russia's trade, as far as encounters show it; not counted.
-- Grain: one chain and transfer in it (chain_id, hop).
with recursive loading as (
    select
        call.port_call_id,
        call.hull_id,
        call.port_id,
        call.arrived_at,
        call.departed_at
    from port_call as call
    inner join terminal on call.port_id = terminal.port_id
    where
        call.confidence >= rule('counted_confidence')
        and call.is_tanker
        and call.area_kind = 'berth'
        and call.departed_at is not null
        and terminal.terminal_trade <> 'discharging'
),

-- Both ways where it is not known who gave.
transfer as (
    select
        sts_id,
        began_at,
        coalesce(ended_at, began_at) as ended_at,
        hull_id_a as from_hull_id,
        hull_id_b as to_hull_id,
        link_tier_b as to_link_tier,
        giver_hull_id is not null as is_giver_known
    from sts_encounter
    where kind <> 'bunkering' and coalesce(giver_hull_id = hull_id_a, true)
    union all
    select
        sts_id,
        began_at,
        coalesce(ended_at, began_at) as ended_at,
        hull_id_b as from_hull_id,
        hull_id_a as to_hull_id,
        link_tier_a as to_link_tier,
        giver_hull_id is not null as is_giver_known
    from sts_encounter
    where kind <> 'bunkering' and coalesce(giver_hull_id = hull_id_b, true)
),

-- Of several calls before a transfer the last: what she loaded before it is gone.
first_transfer as (
    select
        loading.port_call_id,
        loading.port_id,
        loading.departed_at,
        transfer.*
    from transfer
    inner join loading
        on
            transfer.from_hull_id = loading.hull_id
            and transfer.began_at >= loading.departed_at
            and transfer.began_at <= loading.departed_at + to_days(rule('sts_carried_days')::integer)
    qualify row_number() over (
        partition by transfer.sts_id, transfer.from_hull_id
        order by loading.departed_at desc, loading.port_call_id
    ) = 1
),

path as (
    select
        port_call_id,
        port_id,
        departed_at,
        1 as hops,
        [sts_id] as sts_ids,
        [from_hull_id, to_hull_id] as hulls,
        ended_at,
        to_hull_id,
        to_link_tier
    from first_transfer
    union all
    select
        path.port_call_id,
        path.port_id,
        path.departed_at,
        path.hops + 1 as hops,
        list_append(path.sts_ids, transfer.sts_id) as sts_ids,
        list_append(path.hulls, transfer.to_hull_id) as hulls,
        transfer.ended_at,
        transfer.to_hull_id,
        transfer.to_link_tier
    from path
    inner join transfer
        on
            path.to_hull_id = transfer.from_hull_id
            and transfer.began_at >= path.ended_at
            and transfer.began_at <= path.ended_at + to_days(rule('sts_carried_days')::integer)
            and not list_contains(path.hulls, transfer.to_hull_id)
    -- Three at most (a choice): each adds another guess.
    where path.hops < 3
),

russian_call as (
    select
        path.port_call_id,
        path.sts_ids,
        arg_min(call.port_name, (call.arrived_at, call.port_call_id)) as port_name,
        min(call.arrived_at) as arrived_at
    from path
    inner join trade_call as call
        on
            path.to_hull_id = call.hull_id
            -- As weak as a weak link, which ends no chain: the pipeline terminal with its Kazakh oil.
            and call.trade_tier <> 'weak'
            and call.confidence >= rule('counted_confidence')
            and call.arrived_at >= path.ended_at
            and call.arrived_at <= path.ended_at + to_days(rule('trade_days')::integer)
    group by path.port_call_id, path.sts_ids
),

reached as (
    select
        path.*,
        russian_call.port_name as russian_port_name,
        russian_call.arrived_at as russian_arrived_at,
        left(md5(concat_ws(' ', 'chain', path.port_call_id, array_to_string(path.sts_ids, ' '))), 16)
            as chain_id,
        unnest(range(1, path.hops + 1))::integer as hop
    from path
    left join russian_call
        on path.port_call_id = russian_call.port_call_id and path.sts_ids = russian_call.sts_ids
    where path.to_link_tier in ('strong', 'moderate') or russian_call.arrived_at is not null
)

select
    reached.chain_id,
    reached.hop,
    reached.hops,
    reached.port_call_id,
    reached.port_id,
    reached.departed_at,
    transfer.sts_id,
    transfer.began_at,
    transfer.from_hull_id,
    transfer.to_hull_id,
    transfer.is_giver_known,
    reached.to_link_tier as last_link_tier,
    reached.russian_arrived_at,
    concat_ws(
        '; ',
        printf(
            'alongside %.0f days after %s',
            epoch(transfer.began_at - reached.departed_at) / 86400,
            port.name
        ),
        case
            when transfer.is_giver_known then 'draughts say who gave'
            else 'who gave is not known'
        end,
        case
            when reached.to_link_tier in ('strong', 'moderate')
                then printf('the last ship is linked to Russia (%s)', reached.to_link_tier)
        end,
        case
            when reached.russian_arrived_at is not null then printf(
                'the last ship came to %s %.0f days after',
                reached.russian_port_name,
                epoch(reached.russian_arrived_at - reached.ended_at) / 86400
            )
        end
    ) as reasons
from reached
inner join transfer
    on
        reached.sts_ids[reached.hop] = transfer.sts_id
        and reached.hulls[reached.hop] = transfer.from_hull_id
inner join port on reached.port_id = port.port_id
order by reached.departed_at, reached.chain_id, reached.hop

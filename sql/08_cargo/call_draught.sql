-- Draughts of each tanker before and after each of its calls, in Iran or Russia, where they are credible.
-- Grain: one call of a tanker with credible draughts or not (port_call_id).
with call as (
    select
        call.port_call_id,
        identity.hull_id,
        call.port_id,
        call.area_kind,
        call.arrived_at,
        call.departed_at,
        coalesce(call.departed_at, call.arrived_at) as last_at,
        -- In and out again within 6 hours, and heard all the time: with mooring and hoses no time for a cargo,
        -- which takes 12 hours and more (general knowledge, unverified).
        coalesce(
            coalesce(call.departed_by, call.departed_at) - call.arrived_after <= interval 6 hour
            and call.longest_gap_h <= 1,
            false
        ) as is_brief
    from track_call as call
    inner join call_identity as identity on call.port_call_id = identity.port_call_id
    inner join hull on identity.hull_id = hull.hull_id
    where hull.is_tanker
),

-- The berth before, at which the cargo may have changed, and the next stop of any kind.
neighbour as (
    select
        call.port_call_id,
        max(other.arrived_at) filter (where other.last_at <= call.arrived_at and other.area_kind = 'berth')
            as berthed_before_at,
        min(other.arrived_at) filter (where other.arrived_at > call.last_at) as next_at
    from call
    left join call as other on call.hull_id = other.hull_id and call.port_call_id <> other.port_call_id
    group by call.port_call_id
),

bounded as (
    select
        call.*,
        neighbour.berthed_before_at,
        -- A draught is set for arrival up to 3 hours after it, for departure from then on (a choice: no
        -- cargo is moved sooner); a week later it may be of another voyage.
        call.arrived_at + interval 3 hour as set_from,
        least(
            coalesce(call.departed_at, 'infinity'::timestamp) + interval 7 day,
            coalesce(neighbour.next_at, 'infinity'::timestamp)
        ) as set_to
    from call
    inner join neighbour on call.port_call_id = neighbour.port_call_id
),

-- The draught in force on arrival. Unchanged since before the berth before, it is that of the leg
-- before, of the opposite state.
arriving as (
    select
        bounded.port_call_id,
        spell.draught_m,
        spell.ended_at,
        coalesce(spell.began_at < bounded.berthed_before_at, false) as is_of_leg_before
    from bounded
    inner join credible_draught as spell
        on
            bounded.hull_id = spell.hull_id
            and spell.began_at <= bounded.set_from
            and spell.ended_at >= bounded.arrived_at - interval 7 day
    qualify row_number() over (
        partition by bounded.port_call_id order by spell.began_at desc, spell.draught_m
    ) = 1
),

-- The draught set for departure: crews enter it hours before or after they sail. The last one set up
-- to a day after sailing (a choice), else the first one set later on that leg.
leaving as (
    select
        bounded.port_call_id,
        spell.draught_m
    from bounded
    inner join credible_draught as spell
        on
            bounded.hull_id = spell.hull_id
            and spell.began_at > bounded.set_from
            and spell.began_at <= bounded.set_to
    where bounded.departed_at is not null
    qualify row_number() over (
        partition by bounded.port_call_id
        order by
            spell.began_at <= bounded.departed_at + interval 1 day desc,
            case when spell.began_at <= bounded.departed_at + interval 1 day then spell.began_at end desc,
            spell.began_at,
            spell.draught_m
    ) = 1
),

paired as (
    select
        bounded.port_call_id,
        bounded.hull_id,
        bounded.port_id,
        bounded.area_kind,
        bounded.is_brief,
        case when not arriving.is_of_leg_before then arriving.draught_m end as in_m,
        -- Nothing was set: the draught of arrival is still transmitted after the departure.
        coalesce(
            leaving.draught_m,
            case
                when not arriving.is_of_leg_before and arriving.ended_at > bounded.departed_at
                    then arriving.draught_m
            end
        ) as out_m
    from bounded
    left join arriving on bounded.port_call_id = arriving.port_call_id
    left join leaving on bounded.port_call_id = leaving.port_call_id
),

-- At a terminal that only loads, or only discharges, a draught that did not change was not set.
unset as (
    select paired.port_call_id
    from paired
    inner join terminal on paired.port_id = terminal.port_id
    where
        paired.area_kind = 'berth'
        and terminal.terminal_trade <> 'both'
        and paired.in_m is not distinct from paired.out_m
)

select
    paired.port_call_id,
    paired.hull_id,
    case when unset.port_call_id is null then paired.in_m end as draught_in_m,
    case when unset.port_call_id is null then paired.out_m end as draught_out_m,
    unset.port_call_id is not null and paired.in_m is not null as is_unset,
    paired.is_brief
from paired
left join unset on paired.port_call_id = unset.port_call_id
order by paired.port_call_id

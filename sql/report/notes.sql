-- Notes to the number of a week.
-- Grain: one row for $week.
with call as (
    select
        count(*) filter (
            where port_call.is_tanker and port_call.confidence >= 2 and port_call.is_arrival
            and port_call.arrived_after < date_trunc('week', port_call.arrived_at)
        ) as arrived_maybe_earlier,
        count(*) filter (where port_call.is_tanker and port_call.confidence < 2) as contested,
        count(*) filter (
            where port_call.is_tanker and port_call.confidence < track_call.confidence
        ) as made_less_sure,
        count(*) filter (where port_call.is_tanker is null and port_call.confidence >= 2)
            as of_unknown_type,
        count(*) filter (where port_call.is_tanker) as tanker_calls,
        count(*) filter (
            where
            port_call.is_tanker
            and coalesce(port_call.draught_in_m, port_call.draught_out_m) is not null
        ) as calls_with_draught,
        count(*) filter (
            where port_call.is_tanker is null and port_call.confidence >= 2
            and port_call.is_russian_linked
        ) as linked_of_unknown_type
    from port_call
    inner join track_call on port_call.port_call_id = track_call.port_call_id
    where port_call.week = $week
),

too_small as (
    select count(*) as calls
    from port_call
    inner join hull on port_call.hull_id = hull.hull_id
    where port_call.week = $week and port_call.confidence >= 2 and hull.is_too_small
),

-- Linked by a listed IMO number that another ship transmitted too.
contested_number as (
    select count(*) as calls
    from port_call
    where
        week = $week
        and is_tanker
        and confidence >= 2
        and port_call_id in (
            select port_call_id
            from call_evidence
            where matched_by = 'contested imo' and link_tier <> 'weak'
        )
),

waiting as (
    select
        count(*) filter (where is_arrival and not is_headline) as voyage_anchorages,
        count(*) filter (where not is_arrival) as in_port,
        count(*) filter (where not is_arrival and is_russian_linked) as in_port_linked
    from counted_call
    where series = getvariable('series') and week = $week
),

-- Ships with a tanker call in the week and a candidate hull without a link decision.
undecided as (
    select count(distinct port_call.mmsi) as ships
    from port_call
    inner join link_candidate as candidate on port_call.mmsi = candidate.mmsi
    where
        port_call.week = $week
        and coalesce(port_call.is_tanker, true)
        and port_call.imo is null
        and candidate.decision is null
)

select
    call.arrived_maybe_earlier,
    call.contested,
    call.made_less_sure,
    call.of_unknown_type,
    call.linked_of_unknown_type,
    too_small.calls as too_small,
    contested_number.calls as by_contested_number,
    waiting.voyage_anchorages,
    waiting.in_port,
    waiting.in_port_linked,
    (
        select list(name order by usual_tanker_calls desc nulls last, port_id)
        from port
        where
            country = 'IR'
            and port_id not in (select port_id from coverage where observed_hours > 0)
    ) as never_heard,
    (select count(*) from port where country = 'IR') as ports,
    -- File names of the simulator (flows/simulate).
    coalesce((select bool_or(starts_with(name, 'simulated-')) from source_file), false)
        as is_simulated,
    coalesce(not evidence_at_hand.has_listed, false) as lacks_listed,
    coalesce(not evidence_at_hand.has_flag, false) as lacks_flag,
    coalesce(not evidence_at_hand.has_owner, false) as lacks_owner,
    coalesce(not evidence_at_hand.has_trade, false) as lacks_trade,
    (
        select string_agg(link_source || ' of ' || published_on, '; ' order by link_source)
        from register_age
        where is_old
    ) as old_registers,
    undecided.ships as undecided,
    call.tanker_calls > 0 and call.calls_with_draught = 0 as lacks_draught,
    (select value from meta where key = 'known_on') as known_on
from call
cross join too_small
cross join contested_number
cross join waiting
cross join undecided
-- Null for weeks outside the series, as on the map.
left join evidence_at_hand on evidence_at_hand.week = $week

-- Signs of evasion, and facts for judging a ship: each with its dates and its source. No score is made of them. A view: computed for the ships asked for.
-- Grain: one indicator of one hull (indicator_id).
-- Key: indicator_id.
with ship as (
    select
        hull_id,
        imo,
        built_year
    from hull
),

-- As the step clock, which a view outlives.
clock_time as (
    select value::timestamp as as_of from meta where key = 'as_of'
),

age as (
    select
        ship.hull_id,
        'age' as indicator,
        make_timestamp(ship.built_year, 1, 1, 0, 0, 0) as began_at,
        null::timestamp as ended_at,
        printf(
            'built %d, %d years ago', ship.built_year, year(clock_time.as_of) - ship.built_year
        )
            as detail,
        string_agg(distinct entry.link_source, ', ' order by entry.link_source) as source,
        null::varchar as reference
    from ship
    inner join register_entry as entry
        on ship.imo = entry.imo and ship.built_year = entry.built_year
    cross join clock_time
    group by ship.hull_id, ship.built_year, clock_time.as_of
),

-- What the ship transmitted, one description after the other. Two transmitters at once are a conflict
-- of identity, below, and no change.
described as (
    select
        ship.hull_id,
        vessel.mmsi,
        vessel.flag,
        vessel.vessel_name,
        vessel.valid_from,
        lag(vessel.mmsi) over later as mmsi_before,
        lag(vessel.flag) over later as flag_before,
        lag(vessel.vessel_name) over later as name_before,
        lag(vessel.valid_to) over later as valid_to_before
    from ship
    inner join vessel on ship.hull_id = vessel.hull_id and vessel.source = 'AIS'
    window later as (
        partition by ship.hull_id order by vessel.valid_from, vessel.mmsi, vessel.track_id
    )
),

changed as (
    select
        hull_id,
        unnest([
            case
                when flag <> flag_before
                    then {
                        'indicator': 'flag change',
                        'detail': printf('%s to %s (MMSI %d to %d)', flag_before, flag, mmsi_before, mmsi)
                    }
                when mmsi <> mmsi_before
                    then {
                        'indicator': 'MMSI change',
                        'detail': printf('%d to %d, the same flag', mmsi_before, mmsi)
                    }
            end,
            case
                when vessel_name <> name_before
                    then {
                        'indicator': 'name change',
                        'detail': name_before || ' to ' || vessel_name
                    }
            end
        ]) as change,
        valid_from
    from described
    where valid_from > valid_to_before
),

change as (
    select
        hull_id,
        change.indicator as indicator,
        valid_from as began_at,
        null::timestamp as ended_at,
        change.detail as detail,
        'AIS' as source,
        null::varchar as reference
    from changed
    where change is not null
),

-- Digits that the ITU has given to no country: a sign of a false flag.
unallocated as (
    select
        ship.hull_id,
        'flag not allocated' as indicator,
        min(vessel.valid_from) as began_at,
        max(vessel.valid_to) as ended_at,
        printf('MMSI %d: its first three digits belong to no country', vessel.mmsi) as detail,
        'ITU' as source,
        null::varchar as reference
    from ship
    inner join vessel
        on ship.hull_id = vessel.hull_id and vessel.source = 'AIS' and vessel.flag is null
    group by ship.hull_id, vessel.mmsi
),

conflict as (
    select
        ship.hull_id,
        'identity conflict' as indicator,
        conflict.valid_from as began_at,
        conflict.valid_to as ended_at,
        replace(conflict.conflict, '_', ' ') || ': ' || conflict.detail as detail,
        'AIS' as source,
        null::varchar as reference
    from ship
    inner join (
        select distinct
            hull_id,
            mmsi
        from vessel
        where source = 'AIS'
    ) as transmitter on ship.hull_id = transmitter.hull_id
    inner join vessel_conflict as conflict
        on
            transmitter.mmsi = conflict.mmsi
            and coalesce(ship.imo = conflict.imo, true)
),

dark as (
    select
        hull_id,
        'possible dark call' as indicator,
        silent_from as began_at,
        silent_to as ended_at,
        reasons as detail,
        'AIS' as source,
        dark_id as reference
    from possible_dark_call
),

loading as (
    select
        hull_id,
        'unexplained loading' as indicator,
        silent_from as began_at,
        silent_to as ended_at,
        reasons as detail,
        'AIS' as source,
        loading_id as reference
    from unexplained_loading
),

false_position as (
    select
        hull_id,
        'false positions' as indicator,
        began_at,
        ended_at,
        kinds || ': ' || reasons as detail,
        'AIS' as source,
        null::varchar as reference
    from spoofed_span
),

spoofed as (
    select
        hull_id,
        'possible spoofed call' as indicator,
        spoofed_from as began_at,
        spoofed_to as ended_at,
        reasons as detail,
        'AIS' as source,
        spoofed_call_id as reference
    from possible_spoofed_call
),

met as (
    select
        sts_id,
        kind,
        began_at,
        ended_at,
        reasons,
        unnest([
            {'hull_id': hull_id_a, 'other': vessel_name_b, 'other_id': hull_id_b},
            {'hull_id': hull_id_b, 'other': vessel_name_a, 'other_id': hull_id_a}
        ]) as side
    from sts_encounter
),

transfer as (
    select
        side.hull_id as hull_id,
        'ship to ship' as indicator,
        began_at,
        ended_at,
        kind || ', with ' || concat_ws(', ', side.other, side.other_id) || ': ' || reasons as detail,
        'AIS' as source,
        sts_id as reference
    from met
),

listed as (
    select
        ship.hull_id,
        case
            when entry.link_reason in ('owner', 'flag', 'scrapped') then entry.link_reason
            else 'listed'
        end as indicator,
        coalesce(entry.listed_on, entry.valid_from::date, entry.first_seen_on)::timestamp as began_at,
        coalesce(entry.delisted_on::timestamp, entry.valid_to, entry.gone_by::timestamp) as ended_at,
        concat_ws(
            ', ',
            case when entry.country is not null then 'about ' || entry.country end,
            entry.programme,
            entry.ground,
            case when entry.listed_on is null then 'day unknown, in the list since then' end
        ) as detail,
        entry.link_source as source,
        entry.reference
    from ship
    inner join register_entry as entry on ship.imo = entry.imo
),

inspected as (
    select
        ship.hull_id,
        'inspection' as indicator,
        event.began_at,
        event.ended_at,
        coalesce('at ' || port.name, 'port not named') as detail,
        event.witness as source,
        event.reference
    from ship
    inner join witness_event as event
        on event.kind = 'inspection' and event.imo = ship.imo
    left join port on event.port_id = port.port_id
),

indicator as (
    select * from age
    union all
    select * from change
    union all
    select * from unallocated
    union all
    select * from conflict
    union all
    select * from dark
    union all
    select * from loading
    union all
    select * from false_position
    union all
    select * from spoofed
    union all
    select * from transfer
    union all
    select * from listed
    union all
    select * from inspected
)

select
    left(
        md5(concat_ws(
            '|', hull_id, indicator, epoch_us(began_at), source, reference, md5(detail)
        )),
        16
    ) as indicator_id,
    hull_id,
    indicator,
    began_at,
    ended_at,
    detail,
    source,
    reference
from indicator
group by all
order by hull_id, began_at, indicator, source, reference, detail, ended_at

-- Description of a hull in the registers: names, call signs, MMSIs, type and size.
-- Grain: one IMO number of any register.
with entry as (
    select *
    from register_entry
    where imo between getvariable('batch').first and getvariable('batch').last
),

named as (
    select
        imo,
        unnest(list_prepend(vessel_name, former_names)) as vessel_name
    from entry
),

name_list as (
    select
        imo,
        list(distinct vessel_name order by vessel_name) as vessel_names
    from named
    where vessel_name is not null
    group by imo
),

listed_mmsi as (
    select
        imo,
        unnest(mmsis) as mmsi
    from entry
),

mmsi_list as (
    select
        imo,
        list(distinct mmsi order by mmsi) as mmsis
    from listed_mmsi
    group by imo
),

typed as (
    select
        entry.imo,
        count(distinct entry.register) filter (where vessel_type.is_tanker) as tanker_registers,
        count(distinct entry.register) filter (where not vessel_type.is_tanker) as other_registers,
        count(distinct entry.register) filter (where vessel_type.is_dry_cargo) as dry_registers,
        count(distinct entry.register) filter (where not vessel_type.is_dry_cargo)
            as not_dry_registers,
        min(vessel_type.tanker_kind) as tanker_kind,
        count(distinct vessel_type.tanker_kind) as tanker_kinds,
        -- Joined after sorting: an ordered string_agg takes eight times as long.
        array_to_string(
            list(distinct entry.vessel_type order by entry.vessel_type)
                filter (where entry.vessel_type is not null),
            '; '
        ) as vessel_types
    from entry
    left join vessel_type on upper(entry.vessel_type) = vessel_type.vessel_type
    group by entry.imo
),

sized as (
    select
        imo,
        max(length_m) as length_m,
        max(deadweight_t) as deadweight_t,
        max(gross_t) as gross_t,
        min(built_year) as built_year,
        list(distinct call_sign order by call_sign) filter (where call_sign is not null)
            as call_signs,
        list(
            distinct {'length_m': length_m, 'gross_t': gross_t, 'deadweight_t': deadweight_t}
            order by {'length_m': length_m, 'gross_t': gross_t, 'deadweight_t': deadweight_t}
        ) filter (where coalesce(length_m, gross_t, deadweight_t) is not null) as sizes,
        min(valid_from::date) filter (
            where link_reason = 'scrapped' and gone_by is null and delisted_on is null
        ) as scrapped_on
    from entry
    group by imo
)

select
    sized.imo,
    coalesce(name_list.vessel_names, []) as vessel_names,
    coalesce(sized.call_signs, []) as call_signs,
    coalesce(mmsi_list.mmsis, []) as mmsis,
    typed.vessel_types,
    -- By the majority of the registers; null for a tie, or where none gives a type.
    case
        when typed.tanker_registers > typed.other_registers then true
        when typed.tanker_registers < typed.other_registers then false
    end as is_tanker,
    case when typed.tanker_registers > typed.other_registers and typed.tanker_kinds = 1
            then typed.tanker_kind end as tanker_kind,
    sized.length_m,
    sized.deadweight_t,
    sized.gross_t,
    coalesce(sized.sizes, []) as sizes,
    sized.built_year,
    sized.scrapped_on,
    -- By the majority too.
    case
        when typed.dry_registers > typed.not_dry_registers then true
        when typed.dry_registers < typed.not_dry_registers then false
    end as is_dry_cargo
from sized
inner join typed on sized.imo = typed.imo
left join name_list on sized.imo = name_list.imo
left join mmsi_list on sized.imo = mmsi_list.imo
order by sized.imo

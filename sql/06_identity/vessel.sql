-- The identities of each hull through time: MMSI, name, call sign, flag and size, with their validity.
-- Grain: one hull, transmitter and description (hull_id, mmsi, valid_from), and one name in a register.
with numbered as (
    select
        *,
        (
            hull_id, claimed_imo, is_imo_contested, vessel_name, call_sign, length_m, beam_m
        ) is distinct from lag(
            (hull_id, claimed_imo, is_imo_contested, vessel_name, call_sign, length_m, beam_m)
        ) over (partition by track_id order by first_day) as is_new
    from hull_spell
    where mmsi between getvariable('batch').first and getvariable('batch').last
),

described as (
    select
        *,
        count(*) filter (where is_new) over (
            partition by track_id order by first_day rows between unbounded preceding and current row
        ) as description
    from numbered
),

heard as (
    select
        any_value(hull_id) as hull_id,
        any_value(imo) as imo,
        track_id,
        any_value(mmsi) as mmsi,
        any_value(vessel_name) as vessel_name,
        any_value(call_sign) as call_sign,
        any_value(length_m) as length_m,
        any_value(beam_m) as beam_m,
        arg_min(imo_by, first_day) as imo_by,
        arg_min(claimed_imo, first_day) as claimed_imo,
        any_value(is_imo_contested) as is_imo_contested,
        min(first_at) as valid_from,
        max(last_at) as valid_to
    from described
    group by track_id, description
),

registered as (
    select distinct
        hull.hull_id,
        hull.imo,
        entry.mmsis[1] as mmsi,
        unnest(list_prepend(entry.vessel_name, entry.former_names)) as vessel_name,
        entry.call_sign,
        entry.flag,
        entry.length_m,
        entry.known_from::timestamp as valid_from,
        entry.link_source
    from hull
    inner join register_entry as entry on hull.imo = entry.imo
    where hull.mmsi between getvariable('batch').first and getvariable('batch').last
),

identity as (
    select
        heard.hull_id,
        heard.imo,
        heard.mmsi,
        heard.track_id,
        heard.vessel_name,
        heard.call_sign,
        mid.country_code as flag,
        heard.length_m,
        heard.beam_m,
        heard.imo_by,
        heard.claimed_imo,
        heard.is_imo_contested,
        heard.valid_from,
        heard.valid_to,
        'AIS' as source
    from heard
    left join mid on heard.mmsi // 1000000 = mid.mid
    union all
    select
        hull_id,
        imo,
        mmsi,
        null as track_id,
        vessel_name,
        call_sign,
        flag,
        length_m,
        null as beam_m,
        null as imo_by,
        null as claimed_imo,
        null as is_imo_contested,
        valid_from,
        null as valid_to,
        link_source as source
    from registered
    where vessel_name is not null
)

select
    identity.imo,
    identity.mmsi,
    identity.vessel_name,
    identity.flag,
    hull.ship_type,
    hull.is_tanker,
    identity.length_m,
    identity.beam_m,
    identity.valid_from,
    identity.valid_to,
    identity.hull_id,
    identity.track_id,
    identity.call_sign,
    hull.tanker_kind,
    identity.imo_by,
    identity.claimed_imo,
    identity.source,
    hull.flag_changes,
    hull.first_russian_on,
    hull.last_russian_on,
    identity.is_imo_contested
from identity
inner join hull on identity.hull_id = hull.hull_id
order by
    identity.hull_id,
    identity.valid_from,
    identity.mmsi,
    identity.track_id,
    identity.source,
    identity.vessel_name,
    identity.call_sign

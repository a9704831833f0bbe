-- The hulls heard, one row each: who they are last, what they are, and how often they changed their flag.
-- Grain: one hull (hull_id). Inputs: hull_spell, register_ship, mid; the session's variable batch, a range of the hull_id's hashes.
with some_spell as (
    select * from hull_spell
    where hash(hull_id) between getvariable('batch').first and getvariable('batch').last
),

flown as (
    select
        some_spell.hull_id,
        some_spell.first_day,
        some_spell.mmsi,
        some_spell.first_at,
        some_spell.last_at,
        mid.country_code as flag
    from some_spell
    left join mid on some_spell.mmsi // 1000000 = mid.mid
),

-- A day with two flags is one of the change, or of a ship with two transmitters: it tells none.
flag_day as (
    select
        hull_id,
        first_day,
        any_value(flag) as flag
    from flown
    group by hull_id, first_day
    having count(distinct flag) = 1
),

changed as (
    select
        hull_id,
        flag <> lag(flag) over (partition by hull_id order by first_day) as is_change
    from flag_day
),

changes as (
    select
        hull_id,
        count(*) filter (where is_change) as flag_changes
    from changed
    group by hull_id
),

flags as (
    select
        hull_id,
        min(first_at) filter (where flag = 'RU') as first_russian_at,
        max(last_at) filter (where flag = 'RU') as last_russian_at,
        count(distinct mmsi) as mmsis
    from flown
    group by hull_id
),

heard as (
    select
        hull_id,
        any_value(imo) as imo,
        min(first_at) as first_at,
        max(last_at) as last_at,
        arg_max(mmsi, (last_at, mmsi)) as mmsi,
        arg_max(vessel_name, (last_at, mmsi)) as vessel_name,
        arg_max(call_sign, (last_at, mmsi)) as call_sign,
        arg_max(length_m, (last_at, mmsi)) as length_m,
        arg_max(beam_m, (last_at, mmsi)) as beam_m,
        mode(ship_type order by ship_type) as ship_type,
        sum(typed_reports) as typed_reports,
        sum(tanker_reports) as tanker_reports
    from some_spell
    group by hull_id
)

select
    heard.hull_id,
    heard.imo,
    heard.mmsi,
    heard.vessel_name,
    heard.call_sign,
    mid.country_code as flag,
    heard.ship_type,
    -- AIS type 80 to 89 in most of the reports that give a type; null where none does.
    case when heard.typed_reports > 0 then 2 * heard.tanker_reports > heard.typed_reports end
        as is_ais_tanker,
    -- A register that says what a ship is wins over AIS.
    coalesce(
        ship.is_tanker,
        case when heard.typed_reports > 0 then 2 * heard.tanker_reports > heard.typed_reports end
    ) as is_tanker,
    ship.tanker_kind,
    heard.length_m,
    heard.beam_m,
    ship.deadweight_t,
    ship.gross_t,
    ship.built_year,
    flags.mmsis,
    coalesce(changes.flag_changes, 0) as flag_changes,
    flags.first_russian_at::date as first_russian_on,
    flags.last_russian_at::date as last_russian_on,
    heard.first_at,
    heard.last_at
from heard
inner join flags on heard.hull_id = flags.hull_id
left join changes on heard.hull_id = changes.hull_id
left join register_ship as ship on heard.imo = ship.imo
left join mid on heard.mmsi // 1000000 = mid.mid
order by heard.hull_id

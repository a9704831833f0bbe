-- The hulls heard: their last identity, their type and size, and their flag changes.
-- Grain: one hull (hull_id).
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

-- A day with two flags is the day of the change, or of a ship with two transmitters: not used.
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
        mode(ship_type order by ship_type) as ship_type,
        -- Each day counts once, so that many reports of a wrong type on a few days do not decide.
        sum(days) filter (where typed_reports > 0) as typed_days,
        sum(days) filter (where 2 * tanker_reports > typed_reports) as tanker_days
    from some_spell
    group by hull_id
),

size_said as (
    select
        hull_id,
        length_m,
        beam_m,
        sum(days) as days
    from some_spell
    where length_m is not null
    group by hull_id, length_m, beam_m
),

length_said as (
    select
        hull_id,
        length_m,
        sum(days) as days,
        arg_max(beam_m, (days, beam_m)) as beam_m
    from size_said
    group by hull_id, length_m
),

-- The size sent on most days: a single wrong value must not make a tanker a tug, nor a small one large.
usual_size as (
    select
        hull_id,
        arg_max(length_m, (days, length_m)) as length_m,
        arg_max({'beam_m': beam_m}, (days, length_m)).beam_m as beam_m
    from length_said
    group by hull_id
),

typed as (
    select
        heard.hull_id,
        -- AIS type 80 to 89 on most of the days with a type; null where none gives one.
        2 * coalesce(heard.tanker_days, 0) > heard.typed_days as is_ais_tanker,
        ship.is_tanker as is_register_tanker,
        -- By a register, or estimated from its tonnage (imo_claim); else as sent.
        coalesce(
            register_length(ship.length_m, ship.gross_t, ship.deadweight_t), usual_size.length_m
        ) < rule('least_length_m') as is_short
    from heard
    left join usual_size on heard.hull_id = usual_size.hull_id
    left join register_ship as ship on heard.imo = ship.imo
)

select
    heard.hull_id,
    heard.imo,
    heard.mmsi,
    heard.vessel_name,
    heard.call_sign,
    mid.country_code as flag,
    heard.ship_type,
    typed.is_ais_tanker,
    -- A register wins over AIS. A tanker that counts carries oil across the sea: one of less than
    -- 2,000 t needs no certificate of insurance (CLC 1992, article VII), and of that size none is
    -- longer than 80 m (6.3 times the cube root of the deadweight, imo_claim). The smallest in this
    -- trade, river-sea ships of 3,000 t and more, have 110 m. Tugs and bunker barges send a
    -- tanker's type too. Without a length the type decides.
    coalesce(typed.is_register_tanker, typed.is_ais_tanker)
    and not coalesce(typed.is_short, false) as is_tanker,
    coalesce(typed.is_register_tanker, typed.is_ais_tanker, false)
    and coalesce(typed.is_short, false) as is_too_small,
    ship.tanker_kind,
    usual_size.length_m,
    usual_size.beam_m,
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
inner join typed on heard.hull_id = typed.hull_id
left join usual_size on heard.hull_id = usual_size.hull_id
left join changes on heard.hull_id = changes.hull_id
left join register_ship as ship on heard.imo = ship.imo
left join mid on heard.mmsi // 1000000 = mid.mid
order by heard.hull_id

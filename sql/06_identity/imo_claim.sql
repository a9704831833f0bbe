-- The IMO numbers that tracks claim, compared with the registers' data on the hull.
-- Grain: one IMO number and track.
with description as (
    select
        imo,
        track_id,
        mmsi,
        vessel_name,
        call_sign,
        length_m,
        min(first_at) as first_at,
        max(last_at) as last_at,
        sum(days)::bigint as days,
        count(*) as spells,
        bool_or(imo_by = 'decision') as is_confirmed
    from claim_spell
    where imo is not null
    group by imo, track_id, mmsi, vessel_name, call_sign, length_m
),

length_sent as (
    select
        imo,
        track_id,
        length_m,
        sum(spells) as spells
    from description
    where length_m is not null
    group by imo, track_id, length_m
),

usual_length as (
    select
        imo,
        track_id,
        arg_max(length_m, (spells, -length_m)) as length_m
    from length_sent
    group by imo, track_id
),

-- Of descriptions, which are few: DuckDB does not spill lists.
claim as (
    select
        description.imo,
        description.track_id,
        description.mmsi,
        min(description.first_at) as first_at,
        max(description.last_at) as last_at,
        sum(description.days)::bigint as days,
        bool_or(description.is_confirmed) as is_confirmed,
        any_value(usual_length.length_m) as length_m,
        list(distinct description.vessel_name order by description.vessel_name)
            filter (where description.vessel_name is not null) as vessel_names,
        list(distinct description.call_sign order by description.call_sign)
            filter (where description.call_sign is not null) as call_signs
    from description
    left join usual_length
        on description.imo = usual_length.imo and description.track_id = usual_length.track_id
    group by description.imo, description.track_id, description.mmsi
),

-- Numbers such as 1234567 have a valid check digit. No hull has twenty transmitters.
crowd as (
    select
        imo,
        count(*) as tracks
    from claim
    group by imo
)

select
    claim.imo,
    claim.track_id,
    claim.mmsi,
    claim.first_at,
    claim.last_at,
    claim.days,
    claim.length_m,
    claim.vessel_names,
    claim.is_confirmed,
    ship.imo is not null as is_registered,
    coalesce(
        list_has_any(claim.vessel_names, ship.vessel_names)
        or list_has_any(claim.call_signs, ship.call_signs)
        or list_contains(ship.mmsis, claim.mmsi),
        false
    ) as is_known_so,
    crowd.tracks > rule('crowd_of_one_imo') as is_of_many,
    -- A length is 5.9 (183 m, 30,000 gross tons) to 6.9 (115 m, 5,000) times the cube root of a
    -- tanker's gross tonnage and 5.0 to 6.3 times that of its deadweight (general knowledge,
    -- unverified). The bounds here leave a third beyond that on either side: they separate a barge
    -- from a tanker, not an Aframax from a Suezmax. A register's length may differ by 20 %. One
    -- register that agrees is enough: another may be wrong.
    coalesce(
        not claim.is_confirmed
        and len(ship.sizes) > 0
        and len(
            list_filter(
                ship.sizes,
                lambda size: coalesce(
                    abs(claim.length_m - size.length_m) <= rule('length_error_share')::float * size.length_m,
                    claim.length_m / cbrt(size.gross_t) between 4 and 9,
                    claim.length_m / cbrt(size.deadweight_t) between 3.5 and 8.5,
                    true
                )
            )
        ) = 0,
        false
    ) as is_other_size,
    register_length(ship.length_m, ship.gross_t, ship.deadweight_t)::float as register_length_m,
    case when not claim.is_confirmed then ship.scrapped_on end as scrapped_on
from claim
inner join crowd on claim.imo = crowd.imo
left join register_ship as ship on claim.imo = ship.imo
order by claim.imo, claim.track_id

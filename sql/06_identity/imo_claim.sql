-- The IMO numbers that tracks claim, compared with the registers' data on the hull.
-- Grain: one IMO number and track.
with claim as (
    select
        imo,
        track_id,
        mmsi,
        min(first_at) as first_at,
        max(last_at) as last_at,
        sum(days)::bigint as days,
        bool_or(imo_by = 'decision') as is_confirmed,
        mode(length_m order by length_m) as length_m,
        list(distinct vessel_name order by vessel_name) filter (where vessel_name is not null)
            as vessel_names,
        list(distinct call_sign order by call_sign) filter (where call_sign is not null)
            as call_signs
    from claim_spell
    where imo is not null
    group by imo, track_id, mmsi
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
    coalesce(
        ship.length_m, 6.4 * cbrt(ship.gross_t), 5.3 * cbrt(ship.deadweight_t)
    )::float as register_length_m,
    case when not claim.is_confirmed then ship.scrapped_on end as scrapped_on
from claim
inner join crowd on claim.imo = crowd.imo
left join register_ship as ship on claim.imo = ship.imo
order by claim.imo, claim.track_id

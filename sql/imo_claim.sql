-- The IMO numbers that tracks claim, held against the registers and against each other.
-- Grain: one track and IMO number. Inputs: claim_day, register_ship, position, flagged_position.
with claim as (
    select
        imo,
        track_id,
        mmsi,
        min(first_at) as first_at,
        max(last_at) as last_at,
        count(*) as days,
        mode(length_m order by length_m) as length_m,
        list(distinct vessel_name order by vessel_name) filter (where vessel_name is not null)
            as vessel_names,
        list(distinct call_sign order by call_sign) filter (where call_sign is not null)
            as call_signs
    from claim_day
    where imo is not null
    group by imo, track_id, mmsi
),

-- A length is 5.9 (183 m, 30,000 gross tons) to 6.9 (115 m, 5,000) times the cube root of a
-- tanker's gross tonnage and 5.0 to 6.3 times that of its deadweight (general knowledge,
-- unverified). The bounds here leave a third beyond that on either side: they tell a barge from a
-- tanker, not an Aframax from a Suezmax. A register's length may differ by 20 %.
held_against as (
    select
        claim.*,
        coalesce(
            list_has_any(claim.vessel_names, ship.vessel_names)
            or list_has_any(claim.call_signs, ship.call_signs)
            or list_contains(ship.mmsis, claim.mmsi),
            false
        ) as is_in_register,
        coalesce(
            abs(claim.length_m - ship.length_m) > 0.2 * ship.length_m,
            claim.length_m / cbrt(ship.gross_t) not between 4 and 9,
            claim.length_m / cbrt(ship.deadweight_t) not between 3.5 and 8.5,
            false
        ) as is_other_size,
        coalesce(
            ship.length_m, 6.4 * cbrt(ship.gross_t), 5.3 * cbrt(ship.deadweight_t)
        )::float as register_length_m,
        ship.scrapped_on
    from claim
    left join register_ship as ship on claim.imo = ship.imo
),

rival as (
    select
        one.imo,
        one.track_id,
        other.track_id as other_track_id,
        other.mmsi as other_mmsi,
        other.is_in_register as is_other_in_register,
        one.mmsi,
        greatest(one.first_at, other.first_at) as both_from,
        least(one.last_at, other.last_at) as both_to
    from held_against as one
    inner join held_against as other on one.imo = other.imo and one.track_id <> other.track_id
    where
        one.first_at <= other.last_at
        and other.first_at <= one.last_at
        and not one.is_other_size
        and not other.is_other_size
),

place as (
    select
        rival_track.track_id,
        date_trunc('hour', fix.reported_at) as hour,
        min((fix.reported_at, fix.lon, fix.lat)) as first_fix
    from (select distinct track_id, mmsi from rival) as rival_track
    inner join position as fix on rival_track.mmsi = fix.mmsi
    left join flagged_position as flag
        on
            fix.mmsi = flag.mmsi
            and fix.reported_at = flag.reported_at
            and fix.lon = flag.lon
            and fix.lat = flag.lat
    where
        coalesce(flag.track_id, fix.mmsi) = rival_track.track_id
        and coalesce(flag.verdict, 'credible') = 'credible'
    group by rival_track.track_id, hour
),

-- In one hour no ship is in two places 60 km apart (30 knots). A ship with two transmitters, or one
-- that changes its MMSI, is in one place. Three such hours: a stray fix makes no second hull.
apart as (
    select
        rival.imo,
        rival.track_id,
        rival.other_track_id,
        count(*) as hours
    from rival
    inner join place as here
        on
            rival.track_id = here.track_id
            and here.hour between date_trunc('hour', rival.both_from) and rival.both_to
    inner join place as there
        on rival.other_track_id = there.track_id and here.hour = there.hour
    where
        sqrt(
            pow(here.first_fix[3] - there.first_fix[3], 2)
            + pow(
                (here.first_fix[2] - there.first_fix[2])
                * cos(radians((here.first_fix[3] + there.first_fix[3]) / 2)),
                2
            )
        ) * 111.2 > 60
    group by rival.imo, rival.track_id, rival.other_track_id
    having count(*) >= 3
),

-- Of hulls that claim one number at once, one that the registers know by name, call sign or MMSI
-- keeps it against those that they do not know; else none of them has it while both are heard.
contested as (
    select
        rival.imo,
        rival.track_id,
        min(rival.both_from) as contested_from,
        max(rival.both_to) as contested_to,
        string_agg(distinct rival.other_mmsi::varchar, ', ' order by rival.other_mmsi::varchar)
            as other_mmsis,
        bool_or(rival.is_other_in_register) as is_other_in_register
    from rival
    inner join apart
        on
            rival.imo = apart.imo
            and rival.track_id = apart.track_id
            and rival.other_track_id = apart.other_track_id
    group by rival.imo, rival.track_id
)

select
    claim.imo,
    claim.track_id,
    claim.mmsi,
    claim.first_at,
    claim.last_at,
    claim.days,
    claim.length_m,
    claim.is_in_register,
    claim.is_other_size,
    claim.register_length_m,
    claim.scrapped_on,
    contested.other_mmsis,
    contested.contested_from,
    contested.contested_to,
    contested.imo is not null
    and not (claim.is_in_register and not contested.is_other_in_register) as is_contested
from held_against as claim
left join contested on claim.imo = contested.imo and claim.track_id = contested.track_id
order by claim.imo, claim.track_id

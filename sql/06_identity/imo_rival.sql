-- Tracks that claim one IMO number and cannot be one hull, and to which of them it is assigned.
-- Grain: one IMO number, track and rival, each pair both ways.
with apart as (
    -- At least three such hours (a choice): a stray fix is no second hull.
    select
        imo,
        track_id,
        other_track_id,
        min(day) as first_day,
        max(day) as last_day
    from imo_conflict
    group by imo, track_id, other_track_id
    having sum(hours) >= 3
),

both_ways as (
    select
        imo,
        track_id,
        other_track_id,
        first_day,
        last_day
    from apart
    union all
    select
        imo,
        other_track_id as track_id,
        track_id as other_track_id,
        first_day,
        last_day
    from apart
),

-- Descriptions of one hull have one size, within 20 % as in imo_claim.
unlike as (
    select
        one.imo,
        one.track_id,
        other.track_id as other_track_id
    from imo_claim as one
    inner join imo_claim as other on one.imo = other.imo and one.track_id <> other.track_id
    where
        not (one.is_of_many or one.is_other_size or other.is_other_size)
        and abs(one.length_m - other.length_m) > rule('length_error_share')::float * greatest(one.length_m, other.length_m)
),

rival as (
    select
        coalesce(unlike.imo, both_ways.imo) as imo,
        coalesce(unlike.track_id, both_ways.track_id) as track_id,
        coalesce(unlike.other_track_id, both_ways.other_track_id) as other_track_id,
        unlike.imo is not null as is_unlike,
        both_ways.first_day,
        both_ways.last_day
    from unlike
    full join both_ways
        on
            unlike.imo = both_ways.imo
            and unlike.track_id = both_ways.track_id
            and unlike.other_track_id = both_ways.other_track_id
)

select
    rival.imo,
    rival.track_id,
    rival.other_track_id,
    other.mmsi as other_mmsi,
    rival.is_unlike,
    rival.first_day,
    rival.last_day,
    -- A manual decision first; then a match with a register by name, call sign or MMSI; then the
    -- number sent on ten times as many days (a choice, not a measurement): errors are short. Else
    -- neither has it.
    case
        when one.is_confirmed <> other.is_confirmed then one.is_confirmed
        when one.is_known_so <> other.is_known_so then one.is_known_so
        else one.days >= rule('imo_majority') * other.days
    end as has_it,
    -- The rival has it. Anyone can send a name from a register: that alone takes the number from
    -- no track that sends it on as many days.
    case
        when one.is_confirmed <> other.is_confirmed then other.is_confirmed
        when one.is_known_so <> other.is_known_so
            then other.is_known_so and other.days >= one.days
        else other.days >= rule('imo_majority') * one.days
    end as has_lost_it
from rival
inner join imo_claim as one on rival.imo = one.imo and rival.track_id = one.track_id
inner join imo_claim as other on rival.imo = other.imo and rival.other_track_id = other.track_id
order by rival.imo, rival.track_id, rival.other_track_id

-- The hull of each track in each interval: by IMO number where that is accepted, else by MMSI and static data.
-- Grain: one track and spell (claim_spell).
with unlike as (
    select
        imo,
        track_id,
        bool_or(has_lost_it) as has_lost_it
    from imo_rival
    where is_unlike and not has_it
    group by imo, track_id
),

-- Two hulls at once: the number is accepted for neither from a week before to a week after they
-- were heard apart; on other days it may be.
apart_day as (
    select
        rival.imo,
        rival.track_id,
        rival.has_lost_it,
        apart.day
    from imo_rival as rival
    inner join imo_conflict as apart
        on
            rival.imo = apart.imo
            and least(rival.track_id, rival.other_track_id) = apart.track_id
            and greatest(rival.track_id, rival.other_track_id) = apart.other_track_id
    where rival.first_day is not null and not rival.has_it
),

around as (
    select
        imo,
        track_id,
        day,
        bool_or(has_lost_it) as has_lost_it
    from (
        select
            imo,
            track_id,
            has_lost_it,
            day + unnest(range(-7, 8))::integer as day
        from apart_day
    )
    group by imo, track_id, day
),

resolved as (
    select
        claim_spell.* exclude (imo, imo_by),
        case
            when claim_spell.imo_by = 'decision' then claim_spell.imo
            when held.is_of_many or held.is_other_size then null
            when held.scrapped_on <= claim_spell.first_day then null
            when unlike.imo is not null or around.imo is not null then null
            else claim_spell.imo
        end as imo,
        -- The number is rejected only because another ship sends it too, and nothing decides which of
        -- them is the hull.
        claim_spell.imo_by is distinct from 'decision'
        and not coalesce(
            held.is_of_many
            or held.is_other_size
            or held.scrapped_on <= claim_spell.first_day,
            false
        )
        and coalesce(unlike.imo, around.imo) is not null
        and not coalesce(unlike.has_lost_it, false)
        and not coalesce(around.has_lost_it, false) as is_imo_contested,
        claim_spell.imo_by
    from claim_spell
    left join imo_claim as held
        on claim_spell.track_id = held.track_id and claim_spell.imo = held.imo
    left join unlike on claim_spell.track_id = unlike.track_id and claim_spell.imo = unlike.imo
    left join around
        on
            claim_spell.track_id = around.track_id
            and claim_spell.imo = around.imo
            and claim_spell.first_day = around.day
)

select
    coalesce(
        'IMO ' || imo,
        case when track_id = mmsi then 'MMSI ' || mmsi else 'track ' || track_id end
        || case when ship_number > 1 then ' (' || ship_number || ')' else '' end
    ) as hull_id,
    imo,
    case when imo is not null then imo_by end as imo_by,
    claimed_imo,
    is_imo_contested,
    track_id,
    mmsi,
    first_day,
    last_day,
    days,
    first_at,
    last_at,
    typed_reports,
    tanker_reports,
    vessel_name,
    call_sign,
    ship_type,
    length_m,
    beam_m
from resolved
order by track_id, first_day

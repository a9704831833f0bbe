-- Which hull each track is on each day: by IMO number where that holds, else by its MMSI.
-- Grain: one track and UTC day. Inputs: claim_day, imo_claim, link_decision.
with confirmed as (
    select
        claim_day.track_id,
        claim_day.day,
        -- Of two decisions for one day the later line stands.
        arg_max(decision.imo, decision.line) as imo
    from claim_day
    inner join link_decision as decision
        on
            claim_day.track_id = decision.mmsi
            and decision.decision = 'confirm'
            and claim_day.day >= coalesce(decision.valid_from, claim_day.day)
            and claim_day.day < coalesce(decision.valid_to, 'infinity'::timestamp)
    group by claim_day.track_id, claim_day.day
),

refused as (
    select distinct
        claim_day.track_id,
        claim_day.day
    from claim_day
    inner join link_decision as decision
        on
            claim_day.track_id = decision.mmsi
            and claim_day.imo = decision.imo
            and decision.decision = 'refuse'
            and claim_day.day >= coalesce(decision.valid_from, claim_day.day)
            and claim_day.day < coalesce(decision.valid_to, 'infinity'::timestamp)
),

resolved as (
    select
        claim_day.* exclude (imo, is_sent),
        claim_day.imo as claimed_imo,
        case
            when confirmed.imo is not null then confirmed.imo
            when refused.track_id is not null then null
            when claim.is_other_size then null
            when claim.scrapped_on <= claim_day.day then null
            when
                claim.is_contested
                and claim_day.day
                between claim.contested_from::date and claim.contested_to::date
                then null
            else claim_day.imo
        end as imo,
        case
            when confirmed.imo is not null then 'decision'
            when claim_day.is_sent then 'sent'
            else 'carried'
        end as imo_by
    from claim_day
    left join imo_claim as claim
        on claim_day.track_id = claim.track_id and claim_day.imo = claim.imo
    left join confirmed
        on claim_day.track_id = confirmed.track_id and claim_day.day = confirmed.day
    left join refused
        on claim_day.track_id = refused.track_id and claim_day.day = refused.day
)

select
    coalesce(
        'IMO ' || imo,
        case when track_id = mmsi then 'MMSI ' || mmsi else 'track ' || track_id end
    ) as hull_id,
    imo,
    case when imo is not null then imo_by end as imo_by,
    claimed_imo,
    track_id,
    mmsi,
    day,
    first_at,
    last_at,
    typed_reports,
    tanker_reports,
    imos,
    vessel_name,
    call_sign,
    ship_type,
    length_m,
    beam_m
from resolved
order by track_id, day

-- The best evidence that linked a ship to Russia at a moment, and its kinds.
-- Grain: one hull, track and moment of link_moment with such evidence (hull_id, track_id, moment_at).
with described as (
    select
        moment.hull_id,
        moment.track_id,
        moment.mmsi,
        moment.moment_at,
        spell.imo,
        spell.claimed_imo
    from link_moment as moment
    inner join hull_spell as spell
        on
            moment.track_id = spell.track_id
            and moment.moment_at::date between spell.first_day and spell.last_day
),

-- Matched as in call_evidence: by IMO number, by AIS-derived evidence on a ship without one, ...
matched as (
    select
        described.hull_id,
        described.track_id,
        described.moment_at,
        link.link_tier,
        link.link_reason,
        link.valid_from,
        link.valid_to
    from described
    inner join vessel_link as link on described.imo = link.imo and link.matched_by = 'imo'
    union all
    select
        described.hull_id,
        described.track_id,
        described.moment_at,
        link.link_tier,
        link.link_reason,
        link.valid_from,
        link.valid_to
    from described
    inner join vessel_link as link on described.hull_id = link.hull_id and link.imo is null
    union all
    -- ... and by an MMSI in a list only for a ship without an IMO number, while no other used it.
    select
        described.hull_id,
        described.track_id,
        described.moment_at,
        link.link_tier,
        link.link_reason,
        link.valid_from,
        link.valid_to
    from described
    inner join vessel_link as link
        on described.mmsi = link.mmsi and link.matched_by = 'mmsi' and link.hull_id is null
    where
        described.imo is null
        and described.claimed_imo is null
        and described.track_id = described.mmsi
        and not exists (
            select 1
            from hull_spell as other
            where
                other.mmsi = described.mmsi
                and other.hull_id <> described.hull_id
                and other.last_at >= link.valid_from
                and other.first_at <= described.moment_at
        )
        and not exists (
            select 1
            from link_decision as decision
            where
                decision.mmsi = described.mmsi
                and decision.imo = link.imo
                and described.moment_at >= coalesce(decision.valid_from, '-infinity'::timestamp)
                and described.moment_at < coalesce(decision.valid_to, 'infinity'::timestamp)
            having arg_max(decision.decision, decision.line) = 'refuse'
        )
)

select
    hull_id,
    track_id,
    moment_at,
    min(case link_tier when 'strong' then 1 when 'moderate' then 2 else 3 end) as tier_rank,
    coalesce(
        string_agg(distinct link_reason, ', ' order by link_reason)
        filter (where link_tier <> 'weak'),
        string_agg(distinct link_reason, ', ' order by link_reason)
    ) as link_reasons
from matched
where
    (valid_from is null or valid_from <= moment_at)
    and (valid_to is null or moment_at < valid_to)
group by hull_id, track_id, moment_at
order by hull_id, track_id, moment_at

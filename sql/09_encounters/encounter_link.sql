-- The best evidence that linked each ship of an encounter to Russia when it began.
-- Grain: one encounter and ship with such evidence (encounter_id, side).
with ship as (
    select
        encounter_id,
        began_at,
        unnest([
            {'side': 'a', 'hull_id': hull_a, 'mmsi': mmsi_a, 'track_id': tracks_a[1]},
            {'side': 'b', 'hull_id': hull_b, 'mmsi': mmsi_b, 'track_id': tracks_b[1]}
        ]) as of_side
    from encounter
    where is_alongside and not is_one_ship and not is_fast
),

described as (
    select
        ship.encounter_id,
        ship.began_at,
        ship.of_side.side as side,
        ship.of_side.hull_id as hull_id,
        ship.of_side.mmsi as mmsi,
        hull.imo,
        spell.claimed_imo,
        ship.of_side.track_id = ship.of_side.mmsi as is_only_track
    from ship
    inner join hull on ship.of_side.hull_id = hull.hull_id
    inner join hull_spell as spell
        on
            ship.of_side.track_id = spell.track_id
            and ship.began_at::date between spell.first_day and spell.last_day
),

-- As in call_evidence: by IMO number, by AIS-derived evidence on a ship without one, and by an MMSI in a list
-- for a ship without one, while no other used it.
matched as (
    select
        described.encounter_id,
        described.side,
        described.began_at,
        link.link_tier,
        link.valid_from,
        link.valid_to
    from described
    inner join vessel_link as link on described.imo = link.imo and link.matched_by = 'imo'
    union all
    select
        described.encounter_id,
        described.side,
        described.began_at,
        link.link_tier,
        link.valid_from,
        link.valid_to
    from described
    inner join vessel_link as link on described.hull_id = link.hull_id and link.imo is null
    union all
    select
        described.encounter_id,
        described.side,
        described.began_at,
        link.link_tier,
        link.valid_from,
        link.valid_to
    from described
    inner join vessel_link as link
        on described.mmsi = link.mmsi and link.matched_by = 'mmsi' and link.hull_id is null
    where
        described.imo is null
        and described.claimed_imo is null
        and described.is_only_track
        and not exists (
            select 1
            from hull_spell as other
            where
                other.mmsi = described.mmsi
                and other.hull_id <> described.hull_id
                and other.last_at >= link.valid_from
                and other.first_at <= described.began_at
        )
        and not exists (
            select 1
            from link_decision as decision
            where
                decision.mmsi = described.mmsi
                and decision.imo = link.imo
                and described.began_at >= coalesce(decision.valid_from, '-infinity'::timestamp)
                and described.began_at < coalesce(decision.valid_to, 'infinity'::timestamp)
            having arg_max(decision.decision, decision.line) = 'refuse'
        )
)

select
    encounter_id,
    side,
    min(case link_tier when 'strong' then 1 when 'moderate' then 2 else 3 end) as tier_rank
from matched
where
    (valid_from is null or valid_from <= began_at)
    and (valid_to is null or began_at < valid_to)
group by encounter_id, side
order by encounter_id, side

-- The periods in which the silences and draughts of a tanker are looked for, of at most 64 days.
-- Grain: one track and period (track_id, first_day).
with followed as (
    select
        hull_spell.*,
        hull_spell.hull_id is distinct from lag(hull_spell.hull_id) over (
            partition by hull_spell.track_id order by hull_spell.first_day
        ) as is_other
    from hull_spell
    -- All of a track, with its days under another hull.
    where
        hull_spell.track_id in (
            select spell.track_id
            from hull_spell as spell
            inner join hull on spell.hull_id = hull.hull_id
            where
                hull.is_tanker
                and (
                    spell.mmsi in (select mmsi from track_call)
                    or spell.hull_id in (select hull_id from linked_tanker)
                )
        )
),

numbered as (
    select
        *,
        count(*) filter (where is_other) over (
            partition by track_id order by first_day
            rows between unbounded preceding and current row
        ) as run
    from followed
),

-- The days from one spell of a hull to its next have no fix that counts.
run as (
    select
        any_value(hull_id) as hull_id,
        track_id,
        any_value(mmsi) as mmsi,
        min(first_day) as first_day,
        max(last_day) as last_day
    from numbered
    group by track_id, run
),

period as (
    select
        *,
        -- So that what a later week adds is read with some weeks before it, and not with all (a choice).
        date '0001-01-01' + 64 * unnest(range(
            (first_day - date '0001-01-01') // 64, (last_day - date '0001-01-01') // 64 + 1
        ))::integer as begins_on
    from run
)

select
    period.hull_id,
    period.track_id,
    period.mmsi,
    greatest(period.first_day, period.begins_on) as first_day,
    least(period.last_day, period.begins_on + 63) as last_day
from period
inner join hull on period.hull_id = hull.hull_id
where hull.is_tanker
order by period.track_id, first_day

-- Draughts that each tanker sent and may float at; null where it sent draughts that contradict each other.
-- Grain: one hull and spell of one draught, or of draughts that contradict each other (hull_id, began_at).
with afloat as (
    select
        spell.hull_id,
        spell.draught_m,
        spell.began_at,
        spell.ended_at,
        -- Less than half a metre is bunkers, ballast and what a sensor shows (a choice, as in call_measure).
        coalesce(
            abs(spell.draught_m - lag(spell.draught_m) over hull_spells) >= 0.5 - 1e-6, true
        ) as is_other
    from draught_spell as spell
    inner join draught_state
        on
            spell.hull_id = draught_state.hull_id
            and spell.draught_m = draught_state.draught_m
    window hull_spells as (partition by spell.hull_id order by spell.began_at, spell.draught_m)
),

levelled as (
    select
        *,
        count(*) filter (where is_other) over (
            partition by hull_id order by began_at, draught_m
            rows between unbounded preceding and current row
        ) as level
    from afloat
),

level as (
    select
        hull_id,
        level,
        arg_min(draught_m, (began_at, draught_m)) as first_m,
        arg_max(draught_m, (began_at, draught_m)) as last_m,
        min(began_at) as began_at,
        max(ended_at) as ended_at
    from levelled
    group by hull_id, level
),

-- No ship is back at a draught, to the decimetre, within 12 hours of it, as that takes a cargo at the least (12
-- hours and more: general knowledge, unverified): what was sent in between was a mistake, or of another
-- transmitter. Back at nearly the same draught she may be: short laden voyages are entered late, and ended early.
sent_again as (
    select
        level.hull_id,
        level.level,
        min(later.level) as next_level
    from level
    inner join level as later
        on
            level.hull_id = later.hull_id
            and level.level + 1 < later.level
            and later.began_at <= level.ended_at + interval 12 hour
            and abs(level.last_m - later.first_m) < 0.05
    group by level.hull_id, level.level
),

between_two as (
    select
        level.*,
        coalesce(max(sent_again.next_level) over earlier > level.level, false) as is_between
    from level
    left join sent_again on level.hull_id = sent_again.hull_id and level.level = sent_again.level
    window earlier as (
        partition by level.hull_id order by level.level
        rows between unbounded preceding and 1 preceding
    )
),

-- Levels in a row that lie between others, with the one before them and the one after.
grouped as (
    select
        *,
        count(*) filter (where not is_between) over (
            partition by hull_id order by level rows between unbounded preceding and current row
        ) as outer_number
    from between_two
),

doubted as (
    select
        hull_id,
        outer_number,
        min(level) as from_level,
        max(level) as to_level
    from grouped
    where is_between
    group by hull_id, outer_number
),

-- A single mistake lies within a draught that is sent before and after it, and not in between. Where draughts
-- alternate neither is known, nor at either end unless it was sent for as long without the other.
alternating as (
    select
        doubted.hull_id,
        doubted.from_level - (before.ended_at - before.began_at < interval 12 hour)::integer as from_level,
        doubted.to_level + (after.ended_at - after.began_at < interval 12 hour)::integer as to_level
    from doubted
    inner join level as before
        on doubted.hull_id = before.hull_id and doubted.from_level - 1 = before.level
    inner join level as after
        on doubted.hull_id = after.hull_id and doubted.to_level + 1 = after.level
    where
        exists (
            select 1
            from level as inside
            where
                inside.hull_id = doubted.hull_id
                and inside.level between doubted.from_level and doubted.to_level
                and (
                    abs(inside.first_m - before.last_m) < 0.05
                    or abs(inside.last_m - after.first_m) < 0.05
                )
        )
        -- Not where it was over within that time, in a draught that stood for as long before it and after.
        and not (
            abs(before.last_m - after.first_m) < 0.05
            and after.began_at <= before.ended_at + interval 12 hour
            and before.ended_at - before.began_at >= interval 12 hour
            and after.ended_at - after.began_at >= interval 12 hour
        )
),

believed as (
    select
        levelled.hull_id,
        case when alternating.hull_id is null then levelled.draught_m end as draught_m,
        levelled.began_at,
        levelled.ended_at
    from levelled
    inner join between_two
        on levelled.hull_id = between_two.hull_id and levelled.level = between_two.level
    left join alternating
        on
            levelled.hull_id = alternating.hull_id
            and levelled.level between alternating.from_level and alternating.to_level
    where alternating.hull_id is not null or not between_two.is_between
),

-- What stood before a mistake and after it is one spell.
compared as (
    select
        *,
        coalesce(
            row_number() over hull_spells = 1
            or draught_m is distinct from lag(draught_m) over hull_spells,
            true
        ) as is_new
    from believed
    window hull_spells as (partition by hull_id order by began_at, draught_m)
),

numbered as (
    select
        *,
        count(*) filter (where is_new) over (
            partition by hull_id order by began_at, draught_m
            rows between unbounded preceding and current row
        ) as spell
    from compared
)

select
    hull_id,
    any_value(draught_m) as draught_m,
    min(began_at) as began_at,
    max(ended_at) as ended_at
from numbered
group by hull_id, spell
order by hull_id, began_at, draught_m

-- The periods in which a hull of a switch list counts by a person's decision: of several for one day the last applies.
-- Grain: one hull and period without a break in which one decision applies.
with decision as (
    select
        line,
        imo,
        decision,
        decided_on,
        coalesce(valid_from, '-infinity'::timestamp) as from_at,
        coalesce(valid_to, 'infinity'::timestamp) as to_at
    from link_decision
    where decision in ('link', 'unlink')
),

edge as (
    select imo, from_at as edge_at from decision
    union
    select imo, to_at as edge_at from decision
),

-- Between two edges the same decisions apply.
stretch as (
    select
        imo,
        edge_at as from_at,
        lead(edge_at) over (partition by imo order by edge_at) as to_at
    from edge
),

decided as (
    select
        stretch.imo,
        stretch.from_at,
        stretch.to_at,
        max(decision.line) as line
    from stretch
    inner join decision
        on
            stretch.imo = decision.imo
            and decision.from_at <= stretch.from_at
            and stretch.to_at <= decision.to_at
    group by stretch.imo, stretch.from_at, stretch.to_at
),

begun as (
    select
        *,
        from_at is distinct from lag(to_at) over (partition by line order by from_at) as is_new
    from decided
),

period as (
    select
        *,
        count(*) filter (where is_new) over (
            partition by line order by from_at
            rows between unbounded preceding and current row
        ) as period
    from begun
)

select
    period.imo,
    nullif(min(period.from_at), '-infinity'::timestamp) as valid_from,
    nullif(max(period.to_at), 'infinity'::timestamp) as valid_to,
    any_value(decision.decided_on) as decided_on
from period
inner join decision on period.line = decision.line
where decision.decision = 'link'
group by period.imo, period.line, period.period
order by period.imo, valid_from nulls first

-- The times of hidden_span from which a tanker came deeper or lighter by a fifth of her design draught, without a heard call.
-- Grain: one such time of a hull (kind, hull_id, from_at).
with span as (
    select
        hidden_span.*,
        hull_curve.design_m
    from hidden_span
    inner join hull_curve on hidden_span.hull_id = hull_curve.hull_id
),

-- The draught in force when it began, and the last one set up to two days after its end (a choice:
-- crews set it hours after sailing). A week on either side, as for a call.
before as (
    select
        span.kind,
        span.hull_id,
        span.from_at,
        spell.draught_m,
        spell.began_at
    from span
    inner join credible_draught as spell
        on
            span.hull_id = spell.hull_id
            and spell.began_at <= span.from_at
            and spell.ended_at >= span.from_at - interval 7 day
    qualify row_number() over (
        partition by span.kind, span.hull_id, span.from_at order by spell.began_at desc, spell.draught_m
    ) = 1
),

-- A ship that goes on sending sends her new draught too: of a false track the first draught that is another.
after as (
    select
        span.kind,
        span.hull_id,
        span.from_at,
        spell.draught_m,
        spell.began_at
    from span
    inner join before
        on
            span.kind = before.kind
            and span.hull_id = before.hull_id
            and span.from_at = before.from_at
    inner join credible_draught as spell
        on
            span.hull_id = spell.hull_id
            and spell.ended_at >= span.to_at
            and spell.began_at <= span.to_at + interval 2 day
    qualify row_number() over (
        partition by span.kind, span.hull_id, span.from_at
        order by
            case
                when
                    span.kind = 'spoofed'
                    and abs(spell.draught_m - before.draught_m)
                    >= rule('unexplained_rise_share')::float * span.design_m - 1e-6
                    then spell.began_at
            end nulls last,
            spell.began_at desc,
            spell.draught_m
    ) = 1
),

changed as (
    select
        span.*,
        before.draught_m as draught_before_m,
        after.draught_m as draught_after_m,
        before.began_at as before_set_at,
        after.began_at as after_set_at,
        case when after.draught_m > before.draught_m then 'loading' else 'discharging' end as direction
    from span
    inner join before
        on
            span.kind = before.kind
            and span.hull_id = before.hull_id
            and span.from_at = before.from_at
    inner join after
        on
            span.kind = after.kind
            and span.hull_id = after.hull_id
            and span.from_at = after.from_at
    where
        abs(after.draught_m - before.draught_m)
        >= rule('unexplained_rise_share')::float * span.design_m - 1e-6
),

-- A heard call explains it, also one before that time at which the draught was not set. The draught
-- that was set before a call, up to a day, is that call's. A call that lies within false positions is
-- as false as they are.
call_near as (
    select
        changed.kind,
        changed.hull_id,
        changed.from_at,
        changed.kind = 'spoofed'
        and call.arrived_at >= changed.from_at
        and coalesce(call.departed_at <= changed.to_at, false) as is_false
    from changed
    inner join call_identity as identity on changed.hull_id = identity.hull_id
    inner join track_call as call
        on
            identity.port_call_id = call.port_call_id
            and call.arrived_at < greatest(changed.to_at, changed.after_set_at)
            and coalesce(call.departed_at, 'infinity'::timestamp)
            > least(changed.from_at, changed.before_set_at + interval 1 day)
),

explained as (
    select
        kind,
        hull_id,
        from_at,
        count(*) filter (where is_false) as false_calls,
        count(*) filter (where not is_false) as calls
    from call_near
    group by kind, hull_id, from_at
)

select
    changed.kind,
    changed.hull_id,
    changed.mmsi,
    changed.from_at,
    changed.to_at,
    changed.hours,
    changed.from_lon,
    changed.from_lat,
    changed.to_lon,
    changed.to_lat,
    changed.design_m,
    changed.draught_before_m,
    changed.draught_after_m,
    changed.direction,
    coalesce(explained.false_calls, 0) as false_calls
from changed
left join explained
    on
        changed.kind = explained.kind
        and changed.hull_id = explained.hull_id
        and changed.from_at = explained.from_at
where coalesce(explained.calls, 0) = 0
order by changed.kind, changed.hull_id, changed.from_at

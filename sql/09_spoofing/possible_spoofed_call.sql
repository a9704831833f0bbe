-- Tankers whose positions were false while they had time for an Iranian terminal, and that came back deeper or lighter; not counted.
-- Grain: one spoofed span of a hull (spoofed_call_id).
-- Key: spoofed_call_id.
with described as (
    select
        hidden.*,
        span.kinds,
        span.reasons as evidence,
        span.shown_lon,
        span.shown_lat,
        reach.terminals,
        reach.foreign_ports,
        reach.terminals_text,
        reach.foreign_text,
        hull.imo,
        hull.vessel_name,
        hearing.hours_heard,
        hearing.neighbour_hours
    from hidden_change as hidden
    inner join terminal_reach as reach
        on
            hidden.kind = reach.kind
            and hidden.hull_id = reach.hull_id
            and hidden.from_at = reach.from_at
    inner join spoofed_span as span
        on hidden.hull_id = span.hull_id and hidden.from_at = span.spoofed_from
    inner join hull on hidden.hull_id = hull.hull_id
    left join shown_hearing as hearing
        on hidden.hull_id = hearing.hull_id and hidden.from_at = hearing.from_at
    where hidden.kind = 'spoofed'
)

select
    -- Hash of the hull and the start of the span.
    left(md5(concat_ws(' ', 'spoofed', hull_id, epoch_us(from_at))), 16) as spoofed_call_id,
    strftime(to_at, '%G-W%V') as week,
    hull_id,
    mmsi,
    imo,
    vessel_name,
    from_at as spoofed_from,
    to_at as spoofed_to,
    hours::float as hours,
    kinds,
    draught_before_m::float as draught_before_m,
    draught_after_m::float as draught_after_m,
    from_lon,
    from_lat,
    to_lon,
    to_lat,
    shown_lon,
    shown_lat,
    terminals[1].port_id as port_id,
    terminals,
    foreign_ports,
    concat_ws(
        '; ',
        evidence,
        printf(
            'draught %.1f -> %.1f m, a fifth of %.1f m is %.1f: %s',
            draught_before_m,
            draught_after_m,
            design_m,
            rule('unexplained_rise_share')::double * design_m,
            direction
        ),
        'no call heard since the draught before was set'
        || case
            when false_calls > 0
                then printf(', but %d in these positions, which are false', false_calls)
            else ''
        end,
        -- Of twelve hours and more (a choice, as for a stretch itself).
        case
            when hours_heard >= 12 and neighbour_hours = 0
                then printf(
                    'no other ship heard within 20 nautical miles of the place shown in %d hours, while the same source heard ships elsewhere',
                    hours_heard
                )
            when hours_heard >= 12
                then printf(
                    'other ships heard around the place shown in %d of %d hours, as where the place is true',
                    neighbour_hours,
                    hours_heard
                )
        end,
        terminals_text,
        foreign_text
    ) as reasons
from described
order by spoofed_from, spoofed_call_id

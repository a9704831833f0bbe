-- Counted calls that a track begins before its last one ended: a ship is at one port at a time.
-- Grain: one call at fault.
-- A contested call may be one of two places that were sent at once.
with in_order as (
    select
        port_call_id,
        track_id,
        port_id,
        arrived_at,
        max(coalesce(departed_at, 'infinity'::timestamp)) over (
            partition by track_id
            order by arrived_at, port_call_id
            rows between unbounded preceding and 1 preceding
        ) as last_departed_at
    from port_call
    where confidence >= 2
)

select
    port_call_id,
    track_id,
    port_id,
    arrived_at,
    last_departed_at
from in_order
where arrived_at < last_departed_at
order by port_call_id

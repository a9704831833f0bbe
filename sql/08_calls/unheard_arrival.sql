-- Calls whose beginning nobody could hear: the ship may have lain in port when reception began, after an outage too.
-- Grain: one such call (port_call_id).
with heard as (
    select
        source_hour.port_id,
        source_hour.source,
        source_hour.hour,
        row_number() over (
            partition by source_hour.port_id, source_hour.source order by source_hour.hour
        ) as hour_number
    from source_hour
    left join jammed_slot
        on
            source_hour.port_id = jammed_slot.port_id
            and slot_of(source_hour.hour)
            = jammed_slot.slot_at
    where jammed_slot.port_id is null
),

-- When the hull was last heard elsewhere under another MMSI.
elsewhere as (
    select
        call.port_call_id,
        max(before.valid_to) as heard_at
    from track_call as call
    inner join call_identity as identity on call.port_call_id = identity.port_call_id
    inner join vessel as before
        on
            identity.hull_id = before.hull_id
            and before.source = 'AIS'
            and call.track_id <> before.track_id
            and call.arrived_at >= before.valid_to
    left join track_call as in_port
        on
            before.track_id = in_port.track_id
            and call.port_id = in_port.port_id
            and before.valid_to between in_port.arrived_at
            and coalesce(in_port.departed_at, before.valid_to)
    where in_port.port_call_id is null
    group by call.port_call_id
),

-- By the source that heard the ship first: what another one hears at the port's edge says nothing of
-- the ships that only this one reaches.
begun as (
    select distinct
        call.port_call_id,
        call.port_id,
        first_slot.source,
        greatest(call.arrived_after, elsewhere.heard_at) as arrived_after,
        call.arrived_at,
        -- How long a ship that lies there may stay unheard while the source listens: a day, a choice
        -- (four passes of a satellite that comes every six hours), or as long as this one did in
        -- this call; and the 6 hours before the first fix that it lends its hearing to.
        (
            rule('heard_within_h') + greatest(rule('arrival_unheard_h'), ceil(call.longest_gap_h))
        )::bigint as needed_h
    from track_call as call
    inner join heard_ship_slot as first_slot
        on
            call.mmsi = first_slot.mmsi
            and call.port_id = first_slot.port_id
            and slot_of(call.arrived_at)
            = first_slot.slot_at
    left join elsewhere on call.port_call_id = elsewhere.port_call_id
),

numbered as (
    select
        begun.*,
        coalesce(heard.hour_number, 0) as hour_number
    from begun
    asof left join heard
        on
            begun.port_id = heard.port_id
            and begun.source = heard.source
            and begun.arrived_at >= heard.hour
),

-- The ship came after it was last heard outside, and after the last hours in which it would have
-- been heard in port.
bounded as (
    select
        numbered.*,
        greatest(numbered.arrived_after, heard.hour) as came_after
    from numbered
    left join heard
        on
            numbered.port_id = heard.port_id
            and numbered.source = heard.source
            and numbered.hour_number - numbered.needed_h = heard.hour_number
),

-- So many of the hours between were not heard.
judged as (
    select
        bounded.port_call_id,
        bounded.came_after,
        (epoch_us(bounded.arrived_at) - epoch_us(bounded.came_after)) / 3.6e9
        - (bounded.hour_number - coalesce(heard.hour_number, 0)) as unheard_h
    from bounded
    asof left join heard
        on
            bounded.port_id = heard.port_id
            and bounded.source = heard.source
            and bounded.came_after >= heard.hour
)

select port_call_id
from judged
group by port_call_id
-- No bound at all, or one that leaves more than a day unheard: who came in a shorter outage came on
-- one of two days, and is an arrival. A choice, as long as a usual stay.
having bool_and(came_after is null or unheard_h > rule('arrival_unheard_h'))
order by port_call_id

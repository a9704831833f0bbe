-- Calls whose arrival could not be heard: the ship may have been in port when reception began, also after an outage.
-- Grain: one such call (port_call_id).
with received as (
    -- The hours that a source heard, interference aside, and how many there were before each slot.
    select
        heard_slot.port_id,
        heard_slot.source,
        heard_slot.slot_at,
        heard_slot.heard_bits,
        (
            sum(bit_count(heard_slot.heard_bits)) over (
                partition by heard_slot.port_id, heard_slot.source order by heard_slot.slot_at
            ) - bit_count(heard_slot.heard_bits)
        )::bigint as earlier_hours
    from heard_slot
    anti join jammed_slot
        on
            heard_slot.port_id = jammed_slot.port_id
            and heard_slot.slot_at = jammed_slot.slot_at
    where heard_slot.heard_bits > 0
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

-- By the source that heard the ship first: another source that hears the edge of the port may not
-- reach the ships that this one hears.
arrival as (
    select distinct
        call.port_call_id,
        call.port_id,
        first_slot.source,
        greatest(call.arrived_after, elsewhere.heard_at) as arrived_after,
        call.arrived_at,
        -- How long a ship in port may stay unheard while the source is receiving: a day, a choice
        -- (four passes of a satellite every six hours), or the longest gap of this call; and the
        -- hours before the first fix (heard_within_h), which count as heard because of it.
        (
            rule('heard_within_h') + greatest(rule('arrival_unheard_h'), ceil(call.longest_gap_h))
        )::bigint as needed_h
    from track_call as call
    inner join heard as first_slot
        on
            call.mmsi = first_slot.mmsi
            and call.port_id = first_slot.port_id
            and slot_of(call.arrived_at)
            = first_slot.slot_at
    left join elsewhere on call.port_call_id = elsewhere.port_call_id
),

-- How many hours were heard up to the arrival, that of the arrival included.
numbered as (
    select
        arrival.*,
        coalesce(
            received.earlier_hours + hours_started(
                received.heard_bits,
                received.slot_at,
                date_trunc('hour', arrival.arrived_at) + interval 1 hour
            ),
            0
        ) as hours_heard
    from arrival
    asof left join received
        on
            arrival.port_id = received.port_id
            and arrival.source = received.source
            and arrival.arrived_at >= received.slot_at
),

-- The ship arrived after it was last heard outside, and after the last hours in which it would have
-- been heard in port.
bounded as (
    select
        numbered.*,
        greatest(
            numbered.arrived_after,
            received.slot_at + to_hours(
                list_filter(
                    range(6),
                    lambda offset_h: received.heard_bits & (1 << offset_h::integer) > 0
                )[numbered.hours_heard - numbered.needed_h - received.earlier_hours]::integer
            )
        ) as earliest_at
    from numbered
    asof left join received
        on
            numbered.port_id = received.port_id
            and numbered.source = received.source
            and numbered.hours_heard - numbered.needed_h > received.earlier_hours
),

-- The number of hours in between that were not heard.
bounded_gap as (
    select
        bounded.port_call_id,
        bounded.earliest_at,
        (epoch_us(bounded.arrived_at) - epoch_us(bounded.earliest_at)) / 3.6e9
        - (
            bounded.hours_heard
            - coalesce(
                received.earlier_hours + hours_started(
                    received.heard_bits,
                    received.slot_at,
                    date_trunc('hour', bounded.earliest_at) + interval 1 hour
                ),
                0
            )
        ) as unheard_h
    from bounded
    asof left join received
        on
            bounded.port_id = received.port_id
            and bounded.source = received.source
            and bounded.earliest_at >= received.slot_at
)

select port_call_id
from bounded_gap
group by port_call_id
-- No bound at all, or more than a day unheard: after a shorter outage the arrival is known to a day
-- or two and is counted. A choice: the length of a usual stay.
having bool_and(earliest_at is null or unheard_h > rule('arrival_unheard_h'))
order by port_call_id

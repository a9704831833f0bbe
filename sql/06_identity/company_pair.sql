-- Pairs of calls that two transmitters of one ship may have made: same port, same times as far as heard, same size.
-- Grain: one pair of calls of two transmitters.
with call as (
    select
        track_call.port_call_id,
        track_call.track_id,
        track_call.mmsi,
        track_call.port_id,
        track_call.arrived_at,
        coalesce(track_call.arrived_after, '-infinity'::timestamp) as arrived_after,
        call_confidence.ended_at,
        -- A departure counts as seen where the first fix outside is at most so much later than the last
        -- one inside (geo/confidence.py, SEEN_WITHIN_US).
        case
            when call_confidence.outside_at is null then 'infinity'::timestamp
            else coalesce(
                track_call.departed_by,
                track_call.departed_at + to_hours(rule('heard_within_h')::integer)
            )
        end as outside_at,
        identity.length_m,
        identity.beam_m,
        hull.is_tanker,
        hull.is_ais_tanker
    from track_call
    inner join call_confidence on track_call.port_call_id = call_confidence.port_call_id
    inner join call_identity as identity on track_call.port_call_id = identity.port_call_id
    inner join port on track_call.port_id = port.port_id
    left join hull on identity.hull_id = hull.hull_id
    where
        port.country = 'IR'
        and call_confidence.confidence >= rule('counted_confidence')
        -- The other transmitter may send another type. But a port has many small craft, and no tanker
        -- that counts is so short (hull, less 5 m).
        and (hull.is_tanker is distinct from false or identity.length_m >= 75)
)

select
    one.port_call_id,
    other.port_call_id as other_port_call_id,
    one.track_id,
    other.track_id as other_track_id,
    one.mmsi,
    other.mmsi as other_mmsi,
    greatest(one.arrived_at, other.arrived_at) as both_from,
    least(one.ended_at, other.ended_at) as both_to,
    greatest(one.length_m, other.length_m) as length_m,
    -- The window of company.
    [one.mmsi, other.mmsi] as mmsis,
    greatest(one.arrived_at, other.arrived_at) - interval 24 hour as from_at,
    least(one.ended_at, other.ended_at) + interval 24 hour as to_at
from call as one
inner join call as other
    on
        one.port_id = other.port_id
        and one.mmsi < other.mmsi
        and one.arrived_at <= other.ended_at
        and other.arrived_at <= one.ended_at
        -- Half an hour: hourly fixes and fixes by the minute date the crossing of the limit
        -- differently, and bow and stern cross it in turn.
        and one.arrived_after <= other.arrived_at + interval 30 minute
        and other.arrived_after <= one.arrived_at + interval 30 minute
        and one.ended_at <= other.outside_at + interval 30 minute
        and other.ended_at <= one.outside_at + interval 30 minute
where
    (one.is_tanker or other.is_tanker)
    -- The tolerance of claim_spell.
    and coalesce(
        abs(one.length_m - other.length_m)
        <= length_tolerance_m(greatest(one.length_m, other.length_m)),
        true
    )
    and coalesce(abs(one.beam_m - other.beam_m) <= 2, true)
    -- A tug or barge that sends no size is another ship by its type.
    and (
        (one.length_m is not null and other.length_m is not null)
        or one.is_ais_tanker is not distinct from other.is_ais_tanker
    )
order by one.port_call_id, other.port_call_id

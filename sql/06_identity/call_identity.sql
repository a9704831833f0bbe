-- The ship of each call: the hull and name of its track at the time, and its draught before and after.
-- Grain: one port call (port_call_id).
with identity as (
    select
        call.port_call_id,
        vessel.hull_id,
        vessel.imo,
        vessel.imo_by,
        vessel.claimed_imo,
        vessel.is_imo_contested,
        vessel.vessel_name,
        vessel.call_sign,
        vessel.length_m,
        vessel.beam_m
    from track_call as call
    inner join vessel on call.track_id = vessel.track_id
    -- The description that held on arrival, else the nearest in time.
    qualify row_number() over (
        partition by call.port_call_id
        order by
            greatest(
                vessel.valid_from - call.arrived_at,
                call.arrived_at - vessel.valid_to,
                interval 0 hour
            ),
            vessel.valid_from desc
    ) = 1
)

select
    call.port_call_id,
    identity.hull_id,
    identity.imo,
    identity.imo_by,
    identity.claimed_imo,
    -- The number to look up in the lists. A contested number identifies no hull, but contesting it
    -- must not take a ship off a list.
    coalesce(
        identity.imo, case when identity.is_imo_contested then identity.claimed_imo end
    ) as listed_imo,
    identity.vessel_name,
    identity.call_sign,
    identity.length_m,
    identity.beam_m,
    draught.draught_in_m,
    draught.draught_out_m
from track_call as call
left join identity on call.port_call_id = identity.port_call_id
left join draught_around_call as draught on call.port_call_id = draught.port_call_id
order by call.port_call_id

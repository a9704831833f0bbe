-- Calls whose times are in disorder, or do not fit the kind of the call.
-- Grain: one call at fault.
select
    port_call_id,
    mmsi,
    port_id,
    area_kind,
    arrived_after,
    arrived_at,
    anchored_at,
    berthed_at,
    unberthed_at,
    departed_at,
    departed_by
from port_call
where
    arrived_at is null
    -- Two credible fixes may share a second, so equal is not wrong.
    or arrived_after > arrived_at
    or berthed_at < arrived_at
    or berthed_at > departed_at
    or anchored_at < arrived_at
    or anchored_at > departed_at
    or unberthed_at < berthed_at
    or unberthed_at > departed_at
    or (unberthed_at is not null and berthed_at is null)
    or (unberthed_at is null and berthed_at is not null and departed_at is not null)
    or departed_at < arrived_at
    or departed_by < departed_at
    or (departed_by is not null and departed_at is null)
    or (berthed_at is not null) <> (area_kind = 'berth')
order by port_call_id

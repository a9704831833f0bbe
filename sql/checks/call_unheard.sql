-- Times of calls at which the ship gave no fix: each of them is heard, none is made up.
-- Grain: one call and time at fault.
with call_time as (
    select
        port_call_id,
        mmsi,
        moment,
        reported_at
    from port_call
    unpivot (
        reported_at for moment in (arrived_after, arrived_at, berthed_at, departed_at, departed_by)
    )
),

heard as (
    select distinct
        mmsi,
        reported_at
    from position
    where (mmsi, reported_at) in (select (mmsi, reported_at) from call_time)
)

select
    call_time.port_call_id,
    call_time.mmsi,
    call_time.moment,
    call_time.reported_at
from call_time
anti join heard on call_time.mmsi = heard.mmsi and call_time.reported_at = heard.reported_at
order by call_time.port_call_id, call_time.moment

-- Times of calls at which the ship gave no fix: each of them is heard, none is made up.
-- Grain: one call and time at fault.
with told as (
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
    where (mmsi, reported_at) in (select (mmsi, reported_at) from told)
)

select
    told.port_call_id,
    told.mmsi,
    told.moment,
    told.reported_at
from told
anti join heard on told.mmsi = heard.mmsi and told.reported_at = heard.reported_at
order by told.port_call_id, told.moment

-- Port calls from stops: at the nearest port, merged where the ship stops there again soon.
-- Grain: one call (mmsi, port_id, arrived_at). Inputs: stop (mmsi, began_at, ended_at, lon, lat),
-- place (port_id, lon, lat). Parameters: $radius_km, $gap_h.
-- For the plain SQL detector each fix under 0.5 knots is a stop; for the libraries, what they call one.
with away as (
    select
        stop.*,
        place.port_id,
        111.2 * sqrt(
            power(stop.lat - place.lat, 2)
            + power((stop.lon - place.lon) * cos(radians(place.lat)), 2)
        ) as km
    from stop
    cross join place
),

near as (
    select
        mmsi,
        began_at,
        ended_at,
        arg_min(port_id, km) as port_id
    from away
    where km <= $radius_km
    group by mmsi, began_at, ended_at, lon, lat
),

-- The latest end so far, not the last row's: stops of one ship may overlap.
marked as (
    select
        *,
        max(ended_at) over earlier as stopped_until
    from near
    window earlier as (
        partition by mmsi, port_id order by began_at, ended_at
        rows between unbounded preceding and 1 preceding
    )
),

numbered as (
    select
        *,
        count(*) filter (
            where stopped_until is null or date_diff('second', stopped_until, began_at) > 3600 * $gap_h
        ) over (partition by mmsi, port_id order by began_at, ended_at) as stay
    from marked
)

select
    mmsi,
    null::integer as imo,
    port_id,
    min(began_at) as arrived_at,
    max(ended_at) as departed_at
from numbered
group by mmsi, port_id, stay
order by arrived_at, mmsi, port_id

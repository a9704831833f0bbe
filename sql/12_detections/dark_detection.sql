-- Ships of a tanker's length that a sensor detected inside the limit of an Iranian port and AIS did not hear, although it was heard around them; not counted.
-- Grain: one detection (detection_id).
-- Key: detection_id.
with dark as (
    select
        found.*,
        port.name as port_name,
        look.neighbours,
        look.neighbours_near
    from detection_match as found
    inner join sensor_look as look on found.look_id = look.look_id
    inner join port on found.port_id = port.port_id
    where found.reason = 'no ship that AIS heard'
),

looks as (
    select
        sensor,
        port_id,
        count(*) as looks
    from sensor_look as look
    group by sensor, port_id
),

-- Echoes at the same place in look after look may be of a jetty, a buoy or a wreck.
again as (
    select
        dark.witness_event_id,
        count(distinct other.look_id) as looks_at_place
    from dark
    inner join look_part as part
        on dark.sensor = part.sensor and dark.port_id = part.port_id
    inner join witness_event as event on part.witness_event_id = event.witness_event_id
    inner join look_part as other on event.witness_event_id = other.witness_event_id
    where 1000 * great_circle_km(dark.lon, dark.lat, event.lon, event.lat) <= 200
    group by dark.witness_event_id
)

select
    dark.witness_event_id as detection_id,
    dark.week,
    dark.seen_at as detected_at,
    dark.lon,
    dark.lat,
    dark.length_m,
    dark.port_id,
    dark.area_kind,
    dark.sensor,
    dark.witness,
    dark.confidence,
    dark.nearest_mmsi,
    dark.nearest_m,
    dark.silent_mmsi,
    dark.neighbours,
    dark.neighbours_near,
    again.looks_at_place::integer as looks_at_place,
    looks.looks::integer as looks,
    concat_ws(
        '; ',
        printf(
            '%s detected a ship of %.0f m in %s of %s',
            dark.sensor,
            dark.length_m,
            case dark.area_kind
                when 'berth' then 'a berth' when 'anchorage' then 'the anchorage' else 'the waters'
            end,
            dark.port_name
        ),
        case when dark.confidence is not null then printf('confidence %d %%', dark.confidence) end,
        printf(
            '%d of %d ships that AIS heard before and after were heard within %.0f h of it',
            dark.neighbours_near,
            dark.neighbours,
            rule('detection_near_h')
        ),
        case
            when dark.nearest_mmsi is null then 'no ship that AIS heard is near'
            else
                printf(
                    'the nearest ship that AIS heard, MMSI %d, was %.1f km off',
                    dark.nearest_mmsi,
                    dark.nearest_m / 1000
                )
        end,
        case
            when dark.silent_mmsi is not null
                then printf('MMSI %d, silent at the time, may be it', dark.silent_mmsi)
        end,
        case
            when again.looks_at_place > 1
                then
                    printf(
                        'an echo within 200 m in %d of %d looks: it may be a fixed object',
                        again.looks_at_place,
                        looks.looks
                    )
        end
    ) as reasons
from dark
inner join looks on dark.sensor = looks.sensor and dark.port_id = looks.port_id
inner join again on dark.witness_event_id = again.witness_event_id
order by dark.seen_at, detection_id

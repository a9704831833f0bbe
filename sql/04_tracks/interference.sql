-- Places and times at which many ships were displaced to one place by false positions (GNSS interference).
-- Grain: one event (interference_id).
with affected as (
    select
        affected_port.interference_id,
        string_agg(port.name, ', ' order by port.name) as ports
    from affected_port
    inner join port on affected_port.port_id = port.port_id
    group by affected_port.interference_id
)

select
    event.interference_id,
    coalesce(affected.ports, printf('%.2f N %.2f E', event.lat, event.lon)) as place,
    event.lon,
    event.lat,
    event.radius_m,
    event.began_at,
    event.ended_at,
    event.ships,
    event.displaced_fixes,
    event.evidence
from interference_event as event
left join affected on event.interference_id = affected.interference_id
order by event.interference_id

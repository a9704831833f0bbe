-- Where and when many ships were thrown to one place, by false positions in their receivers.
-- Grain: one event (interference_id). Inputs: found_event, struck_port, from flows/derive/calls; port.
with struck as (
    select
        struck_port.interference_id,
        string_agg(port.name, ', ' order by port.name) as ports
    from struck_port
    inner join port on struck_port.port_id = port.port_id
    group by struck_port.interference_id
)

select
    event.interference_id,
    coalesce(struck.ports, printf('%.2f N %.2f E', event.lat, event.lon)) as place,
    event.lon,
    event.lat,
    event.radius_m,
    event.began_at,
    event.ended_at,
    event.ships,
    event.displaced_fixes,
    event.evidence
from found_event as event
left join struck on event.interference_id = struck.interference_id
order by event.interference_id

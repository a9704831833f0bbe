-- Where each ship that AIS heard within an hour of a look with a known pass was at the time of the look.
-- Grain: one look and track (look_id, track_id).
select
    ship.look_id,
    look.port_id,
    ship.track_id,
    ship.lon,
    ship.lat
from look_ship as ship
inner join sensor_look as look on ship.look_id = look.look_id
where ship.is_heard_near and look.has_pass
order by ship.look_id, ship.track_id

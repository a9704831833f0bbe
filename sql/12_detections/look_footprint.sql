-- The footprints of the passes of each look.
-- Grain: one look and pass (look_id, pass_id).
select
    look_part.look_id,
    sensor_pass.pass_id,
    sensor_pass.footprint_wkt
from look_part
inner join sensor_pass on look_part.pass_id = sensor_pass.pass_id
order by look_part.look_id, sensor_pass.pass_id

-- The times at which a sensor that needs no AIS looked at a piece of the sea, up to the as-of time; of a pass that several files give, the newest version.
-- Grain: one pass (pass_id).
-- Key: pass_id.
with numbered as (
    select
        left(md5(concat_ws('|', pass.sensor, epoch_us(pass.began_at), pass.footprint)), 16) as pass_id,
        witness_file.witness,
        witness_file.file_number,
        witness_file.published_on,
        witness_file.file_id,
        pass.* exclude (file)
    from witness_pass as pass
    inner join witness_file on pass.file = witness_file.file_number
    cross join clock
    where pass.began_at <= clock.as_of
),

newest as (
    select *
    from numbered
    qualify row_number() over (
        partition by pass_id order by published_on desc, file_number desc, line desc
    ) = 1
)

select
    pass_id,
    sensor,
    began_at::timestamp as began_at,
    ended_at::timestamp as ended_at,
    port_ids,
    footprint as footprint_wkt,
    reference,
    witness,
    published_on,
    file_id
from newest
order by began_at, pass_id

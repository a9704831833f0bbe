-- The static data that each track sent on the days of `unread`: two hulls on one MMSI each keep their own.
-- Grain: one track, UTC day and combination of values.
select
    fix.track_id,
    fix.mmsi,
    wanted.day,
    fix.imo,
    fix.vessel_name,
    fix.call_sign,
    fix.ship_type,
    fix.length_m,
    fix.beam_m,
    count(*) as reports,
    min(fix.reported_at) as first_at,
    max(fix.reported_at) as last_at
from track_fix as fix
inner join unread as wanted on fix.mmsi = wanted.mmsi and fix.reported_at::date = wanted.day
where
    fix.verdict <> 'implausible'
    and wanted.number between getvariable('batch').first and getvariable('batch').last
    and fix.mmsi in (
        select mmsi
        from unread
        where number between getvariable('batch').first and getvariable('batch').last
    )
    and fix.reported_at between getvariable('unread').from_at and getvariable('unread').to_at
group by all
order by fix.track_id, wanted.day

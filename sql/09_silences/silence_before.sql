-- How well a ship was heard before each silence, and its draught before and after.
-- Grain: one silence of a hull (hull_id, silent_from).
with track as (
    select
        hull_id,
        silent_from,
        silent_to,
        source,
        unnest(tracks, recursive := true)
    from unread
)

-- Hours in which the last source heard the ship in an equally long period before, and the last draught
-- before and the first after, within a week, as for a call.
select
    track.hull_id,
    track.silent_from,
    -- Counted back from the silence: by the clock a time that begins within an hour has one more.
    count(distinct (epoch_us(track.silent_from) - epoch_us(fix.reported_at)) // 3600000000) filter (
        where fix.source = track.source
        and fix.reported_at <= track.silent_from
        and fix.reported_at > track.silent_from - (track.silent_to - track.silent_from)
    ) as own_hours,
    arg_max(fix.draught_m, (fix.reported_at, fix.mmsi, fix.lon, fix.lat)) filter (
        where fix.draught_m is not null
        and fix.reported_at <= track.silent_from
        and fix.reported_at >= track.silent_from - interval 7 day
    ) as draught_before_m,
    arg_min(fix.draught_m, (fix.reported_at, fix.mmsi, fix.lon, fix.lat)) filter (
        where fix.draught_m is not null
        and fix.reported_at >= track.silent_to
        and fix.reported_at <= track.silent_to + interval 7 day
    ) as draught_after_m
from track_fix as fix
inner join track
    on
        fix.mmsi = track.mmsi
        and fix.reported_at::date between track.first_day and track.last_day
where
    fix.mmsi in (select mmsi from track)
    and fix.reported_at between getvariable('unread').from_at and getvariable('unread').to_at
    and fix.track_id = track.track_id
    and fix.verdict <> 'implausible'
group by track.hull_id, track.silent_from
order by track.hull_id, track.silent_from

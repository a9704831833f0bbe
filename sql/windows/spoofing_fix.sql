-- The first fix in each ten minutes of the periods from $first to $last of `unread`, by sources as exact as a receiver.
-- Grain: one period, slot and whether it is the track's own (number, is_other, reported_at).
with wanted as (
    select
        number,
        track_id,
        first_day,
        mmsi,
        from_at,
        to_at
    from unread
    where number between $first and $last
),

-- A coarse place or time shows no circle, and hides how still a ship is: nothing is said of it.
coarse as (
    select source
    from source_terms
    where position_accuracy_m > rule('receiver_accuracy_m') or time_step_s > 60
),

slot as (
    select
        wanted.number,
        coalesce(flag.track_id, fix.mmsi) <> wanted.track_id as is_other,
        any_value(wanted.track_id) as track_id,
        any_value(wanted.first_day) as first_day,
        arg_min(
            {
                'reported_at': fix.reported_at,
                'lon': fix.lon,
                'lat': fix.lat,
                'sog_kn': fix.sog_kn,
                'cog_deg': fix.cog_deg,
                'heading_deg': fix.heading_deg,
                'is_flagged': coalesce(flag.verdict = 'implausible', false)
            },
            (fix.reported_at, fix.lon, fix.lat)
        ) as fix
    from position as fix
    inner join wanted
        on
            fix.mmsi = wanted.mmsi
            and fix.reported_at between wanted.from_at and wanted.to_at
    left join flagged_position as flag
        on
            fix.mmsi = flag.mmsi
            and fix.reported_at = flag.reported_at
            and fix.lon = flag.lon
            and fix.lat = flag.lat
    where
        fix.mmsi in (select mmsi from wanted)
        and fix.reported_at between getvariable('unread').from_at and getvariable('unread').to_at
        and fix.source not in (select source from coarse)
        -- With what was taken for a further hull on the MMSI of a first one: where only one of them is heard
        -- at a time it may be the same.
        and (coalesce(flag.track_id, fix.mmsi) = wanted.track_id or wanted.track_id = wanted.mmsi)
    group by
        wanted.number,
        is_other,
        time_bucket(to_minutes(rule('slot_min')::integer), fix.reported_at)
)

select
    number,
    track_id,
    first_day,
    fix.reported_at as reported_at,
    fix.lon as lon,
    fix.lat as lat,
    fix.sog_kn as sog_kn,
    fix.cog_deg as cog_deg,
    fix.heading_deg as heading_deg,
    fix.is_flagged as is_flagged,
    is_other
from slot
order by number, fix.reported_at, is_other, fix.lon, fix.lat

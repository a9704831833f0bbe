-- The hours in which others were heard around the place that each spoofed span shows, by the sources that heard the ship there.
-- Grain: one spoofed span of `unread` (hull_id, from_at).
-- Around: some 20 nautical miles, the range of a receiver on shore, as for silences
-- (sql/09_silences/silence_hearing.sql). Elsewhere: within two degrees (a choice).
with fix as (
    select
        wanted.hull_id,
        wanted.from_at,
        fix.source,
        date_trunc('hour', fix.reported_at) as hour,
        list_contains(wanted.own_mmsis, fix.mmsi) as is_own,
        fix.lon between wanted.shown_lon - 0.35 and wanted.shown_lon + 0.35
        and fix.lat between wanted.shown_lat - 0.33 and wanted.shown_lat + 0.33 as is_near
    from track_fix as fix
    inner join unread as wanted
        on
            fix.reported_at between wanted.from_at and wanted.to_at
            and fix.lon between wanted.shown_lon - 2 and wanted.shown_lon + 2
            and fix.lat between wanted.shown_lat - 2 and wanted.shown_lat + 2
    where
        fix.lon >= (select min(shown_lon) - 2 from unread)
        and fix.lon <= (select max(shown_lon) + 2 from unread)
        and fix.reported_at between getvariable('unread').from_at and getvariable('unread').to_at
        -- Her own false fixes may have been taken aside.
        and (fix.verdict <> 'implausible' or list_contains(wanted.own_mmsis, fix.mmsi))
),

by_hour as (
    select
        hull_id,
        from_at,
        source,
        hour,
        bool_or(is_own) as is_heard,
        bool_or(is_near and not is_own) as has_neighbour,
        bool_or(not is_near and not is_own) as hears_elsewhere
    from fix
    group by hull_id, from_at, source, hour
)

select
    hull_id,
    from_at,
    count(distinct hour) filter (where is_heard and hears_elsewhere) as hours_heard,
    count(distinct hour) filter (where is_heard and has_neighbour) as neighbour_hours
from by_hour
group by hull_id, from_at
order by hull_id, from_at

-- The times in which a tanker was heard without a silence of 24 hours, by track and period, with its first and last fix.
-- Grain: one track, period and such time (track_id, first_day, began_at).
with ship_hour as (
    -- By hour, which is exact enough for silences of a day and more, and with few columns, since the
    -- rows are many.
    select
        wanted.track_id,
        wanted.first_day,
        wanted.mmsi,
        date_trunc('hour', fix.reported_at) as hour,
        min(fix.reported_at) as first_at,
        max(fix.reported_at) as last_at
    from track_fix as fix
    inner join unread as wanted
        on
            fix.mmsi = wanted.mmsi
            and fix.reported_at between wanted.from_at and wanted.to_at
    where
        fix.mmsi in (select mmsi from unread)
        and fix.reported_at between getvariable('unread').from_at and getvariable('unread').to_at
        and fix.track_id = wanted.track_id
        and fix.verdict <> 'implausible'
    group by wanted.track_id, wanted.first_day, wanted.mmsi, hour
),

compared as (
    select
        *,
        coalesce(
            first_at - lag(last_at) over track_hours >= to_hours(rule('dark_stay_h')::integer), true
        ) as is_new
    from ship_hour
    window track_hours as (partition by track_id, first_day order by hour)
),

numbered as (
    select
        *,
        count(*) filter (where is_new) over (
            partition by track_id, first_day order by hour
            rows between unbounded preceding and current row
        ) as number
    from compared
),

-- Materialized before the second scan of the lake, which then reads only these fixes.
spell as materialized (
    select
        track_id,
        first_day,
        any_value(mmsi) as mmsi,
        min(first_at) as began_at,
        max(last_at) as ended_at
    from numbered
    group by track_id, first_day, number
),

moment as materialized (
    select distinct
        track_id,
        mmsi,
        unnest([began_at, ended_at]) as at
    from spell
),

end_fix as (
    select
        moment.track_id,
        moment.at,
        {'lon': fix.lon, 'lat': fix.lat, 'source': fix.source, 'sog_kn': fix.sog_kn, 'cog_deg': fix.cog_deg}
            as fix
    from track_fix as fix
    inner join moment on fix.mmsi = moment.mmsi and fix.reported_at = moment.at
    where
        fix.mmsi in (select mmsi from moment)
        and fix.reported_at between getvariable('unread').from_at and getvariable('unread').to_at
        and fix.track_id = moment.track_id
        and fix.verdict <> 'implausible'
    qualify row_number() over (
        partition by moment.track_id, moment.at order by fix.lon, fix.lat
    ) = 1
)

select
    spell.track_id,
    spell.first_day,
    spell.mmsi,
    spell.began_at,
    spell.ended_at,
    first_fix.fix as first_fix,
    last_fix.fix as last_fix
from spell
inner join end_fix as first_fix
    on spell.track_id = first_fix.track_id and spell.began_at = first_fix.at
inner join end_fix as last_fix
    on spell.track_id = last_fix.track_id and spell.ended_at = last_fix.at
order by spell.track_id, spell.began_at

-- A ship's silences of 24 hours or more between its first and last fix in the lake, with the other ships heard meanwhile.
-- Grain: one silence. Parameter: $hull_id.
with span as (
    select
        track_id,
        mmsi,
        min(valid_from) as valid_from,
        max(valid_to) as valid_to
    from vessel
    where hull_id = $hull_id and source = 'AIS'
    group by track_id, mmsi
),

fix as (
    select distinct
        fix.reported_at,
        fix.lon,
        fix.lat,
        fix.mmsi,
        fix.source
    from span
    inner join track_fix as fix
        on
            span.mmsi = fix.mmsi
            and fix.reported_at between span.valid_from and span.valid_to
    where
        fix.track_id = span.track_id
        and fix.verdict <> 'implausible'
),

followed as (
    select
        lag(reported_at) over way as silent_from,
        lag(lon) over way as from_lon,
        lag(lat) over way as from_lat,
        lag(source) over way as source,
        reported_at as silent_to,
        lon as to_lon,
        lat as to_lat
    from fix
    window way as (order by reported_at, mmsi, lon, lat)
),

silence as (
    select
        *,
        date_trunc('hour', silent_from) as from_hour,
        date_trunc('hour', silent_to) as to_hour
    from followed
    where silent_to - silent_from >= interval 24 hour
),

-- As in sql/09_silences/silence_hearing.sql: by the source that heard it last, in the whole hours of the
-- silence, in the cell of a quarter degree where it fell silent and the eight next to it.
place as (
    select
        silence.*,
        floor(silence.from_lon * 4)::integer + step_x as cell_x,
        floor(silence.from_lat * 4)::integer + step_y as cell_y
    from silence
    cross join (select unnest([-1, 0, 1]) as step_x)
    cross join (select unnest([-1, 0, 1]) as step_y)
),

heard as (
    select
        place.silent_from,
        count(distinct other.mmsi) as neighbours_heard,
        count(distinct date_trunc('hour', other.reported_at)) as heard_hours
    from place
    inner join position as other
        on
            floor(other.lon * 4)::integer = place.cell_x
            and floor(other.lat * 4)::integer = place.cell_y
            and other.source = place.source
            and other.reported_at >= place.from_hour + interval 1 hour
            and other.reported_at < place.to_hour
    where
        other.mmsi not in (select mmsi from span)
        and other.lon >= (select min(cell_x) / 4 from place)
        and other.lon < (select (max(cell_x) + 1) / 4 from place)
        and other.lat >= (select min(cell_y) / 4 from place)
        and other.lat < (select (max(cell_y) + 1) / 4 from place)
        and other.reported_at >= (select min(from_hour) from place)
        and other.reported_at < (select max(to_hour) from place)
    group by place.silent_from
)

select
    silence.silent_from,
    silence.silent_to,
    datediff('hour', silence.silent_from, silence.silent_to) as hours,
    silence.from_lat,
    silence.from_lon,
    silence.to_lat,
    silence.to_lon,
    round(
        great_circle_km(silence.from_lon, silence.from_lat, silence.to_lon, silence.to_lat)
    ) as moved_km,
    -- Other ships heard around the start of the silence, and the share of hours with any, 0 to 1:
    -- where none was heard, the silence means nothing.
    coalesce(heard.neighbours_heard, 0) as neighbours_heard,
    round(
        coalesce(heard.heard_hours, 0)
        / (datediff('hour', silence.from_hour, silence.to_hour) - 1), 2
    ) as heard_share
from silence
left join heard on silence.silent_from = heard.silent_from
order by silence.silent_from

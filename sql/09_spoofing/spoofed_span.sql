-- Times in which the positions of a tanker were false by her own track; not those in which many ships were displaced there.
-- Grain: one such time of a hull (hull_id, began_at).
with followed as (
    select
        period.hull_id,
        period.mmsi,
        stretch.*
    from spoofed_stretch as stretch
    inner join followed_track as period
        on
            stretch.track_id = period.track_id
            and stretch.first_day = period.first_day
            -- What lies in the days around it is the next period's.
            and stretch.began_at < period.last_day + interval 1 day
            and stretch.ended_at >= period.first_day
),

-- A ship at a quay is as still. At sea is 5 km and more from land, which is good to a kilometre
-- (data/coast/README.md), and 10 from any port known: both choices.
near_port as (
    select distinct
        followed.track_id,
        followed.first_day,
        followed.began_at
    from followed
    inner join (
        select
            lon,
            lat
        from foreign_port
        union all
        select
            lon,
            lat
        from port
    ) as known
        on great_circle_km(followed.shown_lon, followed.shown_lat, known.lon, known.lat) < 10
    where followed.kind = 'still'
),

proved as (
    select followed.*
    from followed
    left join near_port
        on
            followed.track_id = near_port.track_id
            and followed.first_day = near_port.first_day
            and followed.began_at = near_port.began_at
    where
        followed.kind <> 'still'
        or (followed.land_km >= 5 and near_port.track_id is null)
),

-- One stretch is seen in two periods where it lies on their border; and detectors see the same hours.
compared as (
    select
        *,
        coalesce(
            began_at > max(ended_at) over (
                partition by hull_id
                order by began_at, ended_at, kind, track_id, first_day
                rows between unbounded preceding and 1 preceding
            ),
            true
        ) as is_new
    from proved
),

numbered as (
    select
        *,
        count(*) filter (where is_new) over (
            partition by hull_id
            order by began_at, ended_at, kind, track_id, first_day
            rows between unbounded preceding and current row
        ) as number
    from compared
),

-- Of each kind what the longest of its stretches shows.
kind as (
    select
        hull_id,
        number,
        kind,
        arg_max(evidence, (ended_at - began_at, -epoch_us(began_at), evidence)) as evidence
    from numbered
    group by hull_id, number, kind
),

described as (
    select
        hull_id,
        number,
        string_agg(kind, ', ' order by kind) as kinds,
        string_agg(kind || ': ' || evidence, '; ' order by kind) as evidence
    from kind
    group by hull_id, number
),

span as (
    select
        hull_id,
        number,
        arg_min(mmsi, (began_at, mmsi)) as mmsi,
        min(began_at) as began_at,
        max(ended_at) as ended_at,
        -- Where it is cut by the end of what was read, the fix before or after it is known in another period.
        arg_min(
            {'at': before_at, 'lon': from_lon, 'lat': from_lat},
            (began_at, before_at is null, track_id, first_day, kind)
        ) as before,
        arg_max(
            {'at': after_at, 'lon': to_lon, 'lat': to_lat},
            (ended_at, after_at is not null, track_id, first_day, kind)
        ) as after,
        -- Of the longest.
        arg_max(
            {'lon': shown_lon, 'lat': shown_lat},
            (ended_at - began_at, -epoch_us(began_at), kind, first_day)
        ) as shown
    from numbered
    group by hull_id, number
),

-- Ships displaced within about 50 km of the place shown, hour by hour.
displaced as (
    select
        span.hull_id,
        span.number,
        date_trunc('hour', flag.reported_at) as hour,
        count(distinct flag.mmsi) as ships
    from span
    inner join flagged_position as flag
        on
            flag.verdict = 'implausible'
            and flag.mmsi <> span.mmsi
            and flag.reported_at between span.began_at and span.ended_at
            and flag.lon between span.shown.lon - 0.5 and span.shown.lon + 0.5
            and flag.lat between span.shown.lat - 0.5 and span.shown.lat + 0.5
    group by span.hull_id, span.number, hour
    having ships >= rule('interference_ships') - 1
),

jammed as (
    select
        hull_id,
        number,
        count(*) as hours,
        max(ships) as ships
    from displaced
    group by hull_id, number
)

select
    span.hull_id,
    span.mmsi,
    described.kinds,
    span.began_at,
    span.ended_at,
    span.before.at as spoofed_from,
    span.after.at as spoofed_to,
    span.before.lon as from_lon,
    span.before.lat as from_lat,
    span.after.lon as to_lon,
    span.after.lat as to_lat,
    span.shown.lon as shown_lon,
    span.shown.lat as shown_lat,
    coalesce(jammed.hours, 0)::integer as jammed_hours,
    concat_ws(
        '; ',
        described.evidence,
        case
            when jammed.hours > 0
                then printf(
                    'in %d of these hours %d other ships were displaced there too: interference, which is no evidence against one',
                    jammed.hours,
                    jammed.ships
                )
        end
    ) as reasons
from span
inner join described on span.hull_id = described.hull_id and span.number = described.number
left join jammed on span.hull_id = jammed.hull_id and span.number = jammed.number
-- Hours of interference are no evidence against one ship: without them 12 must be left, which is the
-- least that a detector takes.
where epoch_us(span.ended_at - span.began_at) / 3.6e9 - coalesce(jammed.hours, 0) >= 12
order by span.hull_id, span.began_at

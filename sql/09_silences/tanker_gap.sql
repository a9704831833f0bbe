-- Silences of 24 hours to 21 days of tankers that may be linked to Russia or called in Iran, wherever they were.
-- Grain: one silence of a hull (hull_id, silent_from).
with caller as (
    select distinct identity.hull_id
    from counted_call
    inner join call_identity as identity on counted_call.port_call_id = identity.port_call_id
),

-- Who may be meant at all; what holds on the day is asked of each silence by tanker_silence.
candidate_hull as (
    select
        hull_id,
        imo
    from hull
    where
        is_tanker
        and (
            hull_id in (select hull_id from caller)
            or imo in (select imo from vessel_link where matched_by = 'imo' and link_tier <> 'weak')
            or hull_id in (select hull_id from vessel_link where link_tier <> 'weak')
            or hull_id in (
                select hull_spell.hull_id
                from hull_spell
                inner join vessel_link as link on hull_spell.mmsi = link.mmsi
                where hull_spell.imo is null and link.link_tier <> 'weak'
            )
        )
),

sailed_as as (
    select
        hull_spell.hull_id,
        hull_spell.track_id,
        hull_spell.mmsi,
        hull_spell.first_day,
        hull_spell.last_day
    from hull_spell
    inner join candidate_hull on hull_spell.hull_id = candidate_hull.hull_id
),

-- By hull, not by MMSI: who sails on under another one is not silent. Hours are enough, since no
-- silence looked for is shorter; and little is kept of each, since they are many.
ship_hour as (
    select
        sailed_as.hull_id,
        date_trunc('hour', fix.reported_at) as hour,
        min(fix.reported_at) as first_at,
        max(fix.reported_at) as last_at
    from position as fix
    inner join sailed_as
        on
            fix.mmsi = sailed_as.mmsi
            and fix.reported_at::date between sailed_as.first_day and sailed_as.last_day
    left join flagged_position as flag
        on
            fix.mmsi = flag.mmsi
            and fix.reported_at = flag.reported_at
            and fix.lon = flag.lon
            and fix.lat = flag.lat
    where
        coalesce(flag.track_id, fix.mmsi) = sailed_as.track_id
        and flag.verdict is distinct from 'implausible'
    group by sailed_as.hull_id, date_trunc('hour', fix.reported_at)
),

followed as (
    select
        hull_id,
        last_at as silent_from,
        lead(first_at) over (partition by hull_id order by hour) as silent_to
    from ship_hour
),

-- 24 hours is a usual stay: the median of tankers in port is about a day (UNCTAD, Review of
-- Maritime Transport 2021, chapter 4). It is twice what Global Fishing Watch asks of a gap: below
-- 12 hours satellites alone explain it (Welch et al. 2022, Science Advances 8, eabq2109). After 21
-- days, when a call without a fix ends too (geo/stays.py), it may have been anywhere.
span as materialized (
    select
        hull_id,
        silent_from,
        silent_to,
        epoch_us(silent_to) - epoch_us(silent_from) as silent_us
    from followed
    where silent_to - silent_from between to_hours(rule('dark_stay_h')::integer)
        and to_days(rule('silence_days')::integer)
),

-- Made before the lake is looked at again, which is then asked for these fixes alone.
moment as materialized (
    select distinct
        ended.hull_id,
        sailed_as.track_id,
        sailed_as.mmsi,
        ended.at
    from (
        select
            hull_id,
            unnest([silent_from, silent_to]) as at
        from span
    ) as ended
    inner join sailed_as
        on
            ended.hull_id = sailed_as.hull_id
            and ended.at::date between sailed_as.first_day and sailed_as.last_day
),

end_fix as (
    select
        moment.hull_id,
        moment.at,
        moment.track_id,
        fix.mmsi,
        fix.lon,
        fix.lat,
        fix.source,
        fix.sog_kn,
        fix.cog_deg
    from position as fix
    inner join moment on fix.mmsi = moment.mmsi and fix.reported_at = moment.at
    left join flagged_position as flag
        on
            fix.mmsi = flag.mmsi
            and fix.reported_at = flag.reported_at
            and fix.lon = flag.lon
            and fix.lat = flag.lat
    where
        coalesce(flag.track_id, fix.mmsi) = moment.track_id
        and flag.verdict is distinct from 'implausible'
    qualify row_number() over (
        partition by moment.hull_id, moment.at order by fix.mmsi, fix.lon, fix.lat
    ) = 1
),

silence as (
    select
        span.hull_id,
        gone.track_id,
        gone.mmsi,
        gone.source,
        span.silent_from,
        span.silent_to,
        span.silent_us,
        gone.lon as from_lon,
        gone.lat as from_lat,
        back.lon as to_lon,
        back.lat as to_lat,
        -- None of a ship that lies still (below 1 knot), or sends nothing or nonsense (20 and more).
        case when gone.sog_kn between 1 and 20 then gone.sog_kn end as sog_kn,
        gone.cog_deg
    from span
    inner join end_fix as gone on span.hull_id = gone.hull_id and span.silent_from = gone.at
    inner join end_fix as back on span.hull_id = back.hull_id and span.silent_to = back.at
)

select
    hull_id,
    track_id,
    mmsi,
    source,
    silent_from,
    silent_to,
    silent_us,
    from_lon,
    from_lat,
    to_lon,
    to_lat,
    sog_kn,
    cog_deg
from silence
order by hull_id, silent_from

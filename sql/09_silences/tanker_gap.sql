-- Silences of 24 hours to 21 days of tankers that may be linked to Russia or called in Iran, wherever they were.
-- Grain: one silence of a hull (hull_id, silent_from).
with caller as (
    select distinct identity.hull_id
    from counted_call
    inner join call_identity as identity on counted_call.port_call_id = identity.port_call_id
    where counted_call.series = 'russian_linked_tankers'
),

-- Hulls that may qualify at any time; tanker_silence checks each silence on its day.
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

track_period as (
    select
        hull_spell.hull_id,
        hull_spell.track_id,
        hull_spell.mmsi,
        hull_spell.first_day,
        hull_spell.last_day
    from hull_spell
    inner join candidate_hull on hull_spell.hull_id = candidate_hull.hull_id
),

-- By hull, not by MMSI: a ship that continues under another MMSI is not silent. By hour, which is
-- exact enough for silences of a day and more, and with few columns, since the rows are many.
ship_hour as (
    select
        track_period.hull_id,
        date_trunc('hour', fix.reported_at) as hour,
        min(fix.reported_at) as first_at,
        max(fix.reported_at) as last_at
    from track_fix as fix
    inner join track_period
        on
            fix.mmsi = track_period.mmsi
            and fix.reported_at::date between track_period.first_day and track_period.last_day
    where
        fix.track_id = track_period.track_id
        and fix.verdict <> 'implausible'
    group by track_period.hull_id, date_trunc('hour', fix.reported_at)
),

followed as (
    select
        hull_id,
        last_at as silent_from,
        lead(first_at) over (partition by hull_id order by hour) as silent_to
    from ship_hour
),

-- 24 hours is a usual stay: the median of tankers in port is about a day (UNCTAD, Review of
-- Maritime Transport 2021, chapter 4). It is twice the minimum of Global Fishing Watch: gaps below
-- 12 hours are explained by satellite coverage (Welch et al. 2022, Science Advances 8, eabq2109). After 21
-- days, when a call without a fix ends too (geo/stays.py), the ship may have been anywhere.
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

-- Materialized before the second scan of the lake, which then reads only these fixes.
moment as materialized (
    select distinct
        gap_end.hull_id,
        track_period.track_id,
        track_period.mmsi,
        gap_end.at
    from (
        select
            hull_id,
            unnest([silent_from, silent_to]) as at
        from span
    ) as gap_end
    inner join track_period
        on
            gap_end.hull_id = track_period.hull_id
            and gap_end.at::date between track_period.first_day and track_period.last_day
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
    from track_fix as fix
    inner join moment on fix.mmsi = moment.mmsi and fix.reported_at = moment.at
    where
        fix.track_id = moment.track_id
        and fix.verdict <> 'implausible'
    qualify row_number() over (
        partition by moment.hull_id, moment.at order by fix.mmsi, fix.lon, fix.lat
    ) = 1
),

silence as (
    select
        span.hull_id,
        last_fix.track_id,
        last_fix.mmsi,
        last_fix.source,
        span.silent_from,
        span.silent_to,
        span.silent_us,
        last_fix.lon as from_lon,
        last_fix.lat as from_lat,
        next_fix.lon as to_lon,
        next_fix.lat as to_lat,
        -- Null for a stationary ship (below 1 knot), and where the speed is missing or implausible (above 20).
        case when last_fix.sog_kn between 1 and 20 then last_fix.sog_kn end as sog_kn,
        last_fix.cog_deg
    from span
    inner join end_fix as last_fix on span.hull_id = last_fix.hull_id and span.silent_from = last_fix.at
    inner join end_fix as next_fix on span.hull_id = next_fix.hull_id and span.silent_to = next_fix.at
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

-- Silences of 24 hours to 21 days of tankers that may be linked to Russia or called in Iran, wherever they were.
-- Grain: one silence of a hull (hull_id, silent_from).
-- By hull, not by MMSI: a ship that continues under another MMSI is not silent.
with heard as (
    select
        period.hull_id,
        spell.*
    from heard_spell as spell
    inner join followed_track as period
        on spell.track_id = period.track_id and spell.first_day = period.first_day
    where period.hull_id in (select hull_id from linked_tanker)
),

followed as (
    select
        *,
        max(ended_at) over earlier as silent_from,
        arg_max(
            {'track_id': track_id, 'mmsi': mmsi, 'fix': last_fix},
            (ended_at, -mmsi, -last_fix.lon, -last_fix.lat, -track_id)
        ) over earlier as last_heard
    from heard
    -- At one time the lowest MMSI, longitude and latitude, as for the fix before the silence.
    window earlier as (
        partition by hull_id
        order by began_at, mmsi, first_fix.lon, first_fix.lat, track_id
        rows between unbounded preceding and 1 preceding
    )
)

-- 24 hours is a usual stay: the median of tankers in port is about a day (UNCTAD, Review of
-- Maritime Transport 2021, chapter 4). It is twice the minimum of Global Fishing Watch: gaps below
-- 12 hours are explained by satellite coverage (Welch et al. 2022, Science Advances 8, eabq2109). After 21
-- days, when a call without a fix ends too (geo/stays.py), the ship may have been anywhere.
select
    hull_id,
    last_heard.track_id as track_id,
    last_heard.mmsi as mmsi,
    last_heard.fix.source as source,
    silent_from,
    began_at as silent_to,
    epoch_us(began_at) - epoch_us(silent_from) as silent_us,
    last_heard.fix.lon as from_lon,
    last_heard.fix.lat as from_lat,
    first_fix.lon as to_lon,
    first_fix.lat as to_lat,
    -- Null for a stationary ship (below 1 knot), and where the speed is missing or implausible (above 20).
    case when last_heard.fix.sog_kn between 1 and 20 then last_heard.fix.sog_kn end as sog_kn,
    last_heard.fix.cog_deg as cog_deg
from followed
where began_at - silent_from between to_hours(rule('dark_stay_h')::integer)
    and to_days(rule('silence_days')::integer)
order by hull_id, silent_from

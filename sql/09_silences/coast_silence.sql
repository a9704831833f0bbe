-- Silences near Iranian ports, long enough for a call, of tankers linked to Russia or with an earlier call in Iran, with a verdict on each.
-- Grain: one silence of a hull (hull_id, silent_from).
with jamming as (
    select
        silence.hull_id,
        silence.silent_from,
        string_agg(distinct event.place, '; ' order by event.place) as interference
    from tanker_silence as silence
    inner join interference as event
        on
            event.began_at <= silence.silent_to + to_hours(rule('heard_within_h')::integer)
            and event.ended_at >= silence.silent_from - to_hours(rule('heard_within_h')::integer)
            -- Within the surroundings of the place where it fell silent or came back.
            and least(
                great_circle_km(silence.from_lon, silence.from_lat, event.lon, event.lat),
                great_circle_km(silence.to_lon, silence.to_lat, event.lon, event.lat)
            ) <= rule('surroundings_km') + event.radius_m / 1000
    group by silence.hull_id, silence.silent_from
)

select
    silence.hull_id,
    silence.track_id,
    silence.mmsi,
    silence.imo,
    silence.vessel_name,
    silence.flag,
    silence.link_tier,
    silence.link_reasons,
    silence.has_called,
    silence.source,
    silence.silent_from,
    silence.silent_to,
    strftime(silence.silent_from, '%G-W%V') as week,
    round((epoch_us(silence.silent_to) - epoch_us(silence.silent_from)) / 3.6e9, 1)::float
        as hours,
    silence.from_lon,
    silence.from_lat,
    silence.to_lon,
    silence.to_lat,
    silence.from_km::float as from_km,
    silence.to_km::float as to_km,
    silence.moved_km::float as moved_km,
    silence.port_id,
    port.name as port_name,
    port.water,
    own.own_hours,
    hearing.neighbours_heard,
    round(hearing.around_hours / hearing.silent_hours, 2)::float as heard_share,
    round(hearing.ahead_hours / hearing.silent_hours, 2)::float as heard_ahead_share,
    round(hearing.port_hours / hearing.silent_hours, 2)::float as heard_port_share,
    hearing.went_on,
    hearing.fell_silent_too,
    own.draught_before_m,
    own.draught_after_m,
    jamming.interference,
    case
        when silence.is_displaced then 'false positions'
        when silence.is_nearer_abroad then 'near a foreign port'
        -- Reception there and at the port in most of the hours is needed to judge a silence.
        when 2 * hearing.around_hours < hearing.silent_hours then 'unobserved'
        when 2 * hearing.port_hours < hearing.silent_hours then 'unobserved'
        -- Anchored ships swing within half a mile of one place; with another draught it moved, or
        -- cargo was transferred there.
        when
            silence.moved_km <= 2
            and not coalesce(abs(own.draught_after_m - own.draught_before_m) >= 1, false)
            then 'lay still'
        -- 19 fixes in as long a time before: Welch et al. 2022 (Science Advances 8, eabq2109); here
        -- hours with a fix, since several fixes an hour add nothing about a gap of days.
        when own.own_hours < rule('dark_own_hours') then 'rarely heard'
        -- It left the area in which the source has reception.
        when 2 * hearing.ahead_hours < hearing.silent_hours then 'left reception'
        -- Three neighbours and nine in ten, choices: where one receiver failed off Sharjah on 10
        -- April 2026, a third to two thirds of the ships at anchor fell silent for as long; on other
        -- days less than a tenth did.
        when
            hearing.went_on < rule('dark_neighbours')
            or hearing.went_on < rule('dark_neighbours_ratio') * hearing.fell_silent_too
            then 'others silent too'
        else 'possible'
    end as verdict
from tanker_silence as silence
inner join silence_hearing as hearing
    on silence.hull_id = hearing.hull_id and silence.silent_from = hearing.silent_from
inner join silence_before as own
    on silence.hull_id = own.hull_id and silence.silent_from = own.silent_from
inner join port on silence.port_id = port.port_id
left join jamming
    on silence.hull_id = jamming.hull_id and silence.silent_from = jamming.silent_from
order by silence.silent_from, silence.hull_id

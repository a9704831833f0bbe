-- The static data of each track by day: of each field the value sent most often. Steady ships (steady_ship) are left out.
-- Grain: one track and UTC day.
with report as (
    select
        static.mmsi::bigint as track_id,
        static.mmsi,
        static.day,
        static.imo,
        static.vessel_name,
        static.call_sign,
        static.ship_type,
        static.length_m,
        static.beam_m,
        sum(static.reports)::bigint as reports,
        min(static.first_at) as first_at,
        max(static.last_at) as last_at
    from static_report as static
    anti join flagged_day as flagged on static.mmsi = flagged.mmsi and static.day = flagged.day
    anti join steady_ship as steady on static.mmsi = steady.mmsi
    where static.mmsi between getvariable('batch').first and getvariable('batch').last
    group by all
    union all
    select
        track_id,
        mmsi,
        day,
        imo,
        vessel_name,
        call_sign,
        ship_type,
        length_m,
        beam_m,
        reports,
        first_at,
        last_at
    from flagged_report
    where mmsi between getvariable('batch').first and getvariable('batch').last
),

span as (
    select
        track_id,
        any_value(mmsi) as mmsi,
        day,
        min(first_at) as first_at,
        max(last_at) as last_at,
        -- Codes below 20 are reserved (ITU-R M.1371) and are no type.
        coalesce(sum(reports) filter (where ship_type >= 20), 0) as typed_reports,
        coalesce(sum(reports) filter (where ship_type between 80 and 89), 0)
            as tanker_reports
    from report
    group by track_id, day
),

sent_value as (
    select
        track_id,
        day,
        field,
        value,
        sum(reports) as reports
    from (
        unpivot (
            select
                track_id,
                day,
                reports,
                imo::varchar as imo,
                vessel_name,
                call_sign,
                ship_type::varchar as ship_type,
                length_m::varchar as length_m,
                beam_m::varchar as beam_m
            from report
        )
        on imo, vessel_name, call_sign, ship_type, length_m, beam_m
        into name field value value
    )
    group by track_id, day, field, value
),

most_sent as (
    select
        track_id,
        day,
        field,
        arg_max(value, (reports, value)) as value
    from sent_value
    group by track_id, day, field
),

described as (
    select
        track_id,
        day,
        max(value) filter (where field = 'imo') as imo,
        max(value) filter (where field = 'vessel_name') as vessel_name,
        max(value) filter (where field = 'call_sign') as call_sign,
        max(value) filter (where field = 'ship_type') as ship_type,
        max(value) filter (where field = 'length_m') as length_m,
        max(value) filter (where field = 'beam_m') as beam_m
    from most_sent
    group by track_id, day
)

select
    span.track_id,
    span.mmsi,
    span.day as first_day,
    span.day as last_day,
    1 as days,
    span.first_at,
    span.last_at,
    span.typed_reports,
    span.tanker_reports,
    described.imo::integer as imo,
    described.imo is not null as is_sent,
    described.vessel_name,
    described.call_sign,
    described.ship_type::smallint as ship_type,
    described.length_m::float as length_m,
    described.beam_m::float as beam_m
from span
left join described on span.track_id = described.track_id and span.day = described.day
order by span.track_id, span.day

-- Transmitters whose static data never changed; their days are collapsed into one interval.
-- Grain: one transmitter (mmsi).
with quarter as (
    select
        mmsi,
        (day - date '0001-01-01') // 90 as quarter,
        min(day) as first_day,
        max(day) as last_day,
        bit_count(bit_or(1::hugeint << ((day - date '0001-01-01') % 90))) as days,
        min(first_at) as first_at,
        max(last_at) as last_at,
        coalesce(sum(reports) filter (where ship_type >= 20), 0)::bigint as typed_reports,
        coalesce(sum(reports) filter (where ship_type between 80 and 89), 0)::bigint
            as tanker_reports,
        min(imo) as imo,
        max(imo) as other_imo,
        min(vessel_name) as vessel_name,
        max(vessel_name) as other_name,
        min(call_sign) as call_sign,
        max(call_sign) as other_call_sign,
        min(ship_type) as ship_type,
        max(ship_type) as other_type,
        min(length_m) as length_m,
        max(length_m) as other_length_m,
        min(beam_m) as beam_m,
        max(beam_m) as other_beam_m,
        min(day) filter (where imo is not null) as imo_from,
        -- Name and call sign belong together, and so do length and beam: all or none of each pair
        -- in every report, or in the same ones.
        count(*) filter (where vessel_name is not null or call_sign is not null) as named,
        count(vessel_name) as with_name,
        count(call_sign) as with_call_sign,
        count(length_m) as with_length,
        count(beam_m) as with_beam,
        count(beam_m) filter (where length_m is not null) as with_both
    from static_report
    group by mmsi, quarter
),

throughout as (
    select
        mmsi,
        min(first_day) as first_day,
        max(last_day) as last_day,
        sum(days)::bigint as days,
        min(first_at) as first_at,
        max(last_at) as last_at,
        sum(typed_reports)::bigint as typed_reports,
        sum(tanker_reports)::bigint as tanker_reports,
        min(imo) as imo,
        min(vessel_name) as vessel_name,
        min(call_sign) as call_sign,
        min(ship_type) as ship_type,
        min(length_m) as length_m,
        min(beam_m) as beam_m,
        min(imo_from) as imo_from
    from quarter
    group by mmsi
    having
        coalesce(min(imo) = max(other_imo), true)
        and coalesce(min(vessel_name) = max(other_name), true)
        and coalesce(min(call_sign) = max(other_call_sign), true)
        and coalesce(min(ship_type) = max(other_type), true)
        and coalesce(min(length_m) = max(other_length_m), true)
        and coalesce(min(beam_m) = max(other_beam_m), true)
        and sum(with_name) in (0, sum(named))
        and sum(with_call_sign) in (0, sum(named))
        and sum(with_both) in (0, sum(with_length))
        and sum(with_both) = sum(with_beam)
        -- A number is carried over 180 days at most (claim_spell): here no day is 90 from one with it.
        and count(imo) in (0, count(*))
),

sender as (
    select
        imo,
        min(mmsi) = max(mmsi) as is_one
    from static_report
    where imo is not null
    group by imo
)

select
    throughout.mmsi,
    throughout.first_day,
    throughout.last_day,
    throughout.days,
    throughout.first_at,
    throughout.last_at,
    throughout.typed_reports,
    throughout.tanker_reports,
    throughout.imo,
    coalesce(throughout.imo_from = throughout.first_day, false) as is_sent,
    throughout.vessel_name,
    throughout.call_sign,
    throughout.ship_type,
    throughout.length_m,
    throughout.beam_m
from throughout
left join sender on throughout.imo = sender.imo
left join register_ship as ship on throughout.imo = ship.imo
left join mid on throughout.mmsi // 1000000 = mid.mid
where
    -- These depend on the day, so that the days are kept: another sender of the IMO number, a scrapped
    -- hull, a manual decision, fixes of a second hull, and the Russian flag, which lapses (vessel_link).
    coalesce(sender.is_one, true)
    and ship.scrapped_on is null
    and mid.country_code is distinct from 'RU'
    and throughout.mmsi not in (select mmsi from flagged_position)
    and throughout.mmsi not in (select mmsi from link_decision where mmsi is not null)
    and coalesce(
        throughout.imo not in (select imo from link_decision where imo is not null), true
    )
order by throughout.mmsi

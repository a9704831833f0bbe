-- Transmitters whose static data never changed; their days are collapsed into one interval.
-- Grain: one transmitter (mmsi).
with period as (
    select
        mmsi,
        period,
        min(first_day) as first_day,
        max(last_day) as last_day,
        bit_count(bit_or(day_bits)) as days,
        min(first_at) as first_at,
        max(last_at) as last_at,
        sum(typed_reports) as typed_reports,
        sum(tanker_reports) as tanker_reports,
        min(imo) as imo,
        max(other_imo) as other_imo,
        min(vessel_name) as vessel_name,
        max(other_name) as other_name,
        min(call_sign) as call_sign,
        max(other_call_sign) as other_call_sign,
        min(ship_type) as ship_type,
        max(other_type) as other_type,
        min(length_m) as length_m,
        max(other_length_m) as other_length_m,
        min(beam_m) as beam_m,
        max(other_beam_m) as other_beam_m,
        min(imo_from) as imo_from,
        sum(named) as named,
        sum(with_name) as with_name,
        sum(with_call_sign) as with_call_sign,
        sum(with_length) as with_length,
        sum(with_beam) as with_beam,
        sum(with_both) as with_both
    from static_period
    group by mmsi, period
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
    from period
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
        -- A number is carried over 180 days at most (claim_spell): here no day is 60 from one with it.
        and count(imo) in (0, count(*))
),

sender as (
    select
        imo,
        min(mmsi) = max(mmsi) as is_one
    from imo_sender
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

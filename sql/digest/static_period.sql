-- The static data that each transmitter sent in 60 days, as far as they must be known to tell whether they changed.
-- Grain: one MMSI and period of 60 days.
select
    mmsi,
    (day - date '0001-01-01') // 60 as period,
    min(day) as first_day,
    max(day) as last_day,
    -- The days with a report: bit 0 is the first of the period.
    bit_or(1::ubigint << ((day - date '0001-01-01') % 60)::ubigint) as day_bits,
    min(first_at) as first_at,
    max(last_at) as last_at,
    sum(reports)::bigint as reports,
    coalesce(sum(reports) filter (where ship_type >= 20), 0)::bigint as typed_reports,
    coalesce(sum(reports) filter (where ship_type between 80 and 89), 0)::bigint as tanker_reports,
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
    -- Name and call sign belong together, and so do length and beam: all or none of each pair in every
    -- report, or in the same ones.
    count(*) filter (where vessel_name is not null or call_sign is not null) as named,
    count(vessel_name) as with_name,
    count(call_sign) as with_call_sign,
    count(length_m) as with_length,
    count(beam_m) as with_beam,
    count(beam_m) filter (where length_m is not null) as with_both
from new_static_report
group by mmsi, period
order by mmsi, period

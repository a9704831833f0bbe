-- The ships heard, as their own reports describe them.
-- Grain: one transmitter and hull (mmsi, imo). An MMSI that sent one valid IMO number, or none, is one row.
-- Inputs: position, mid.
with report as (
    select
        mmsi,
        imo,
        vessel_name,
        ship_type,
        length_m,
        beam_m,
        count(*) as reports,
        min(reported_at) as first_at,
        max(reported_at) as last_at
    from position
    group by all
),

sent_imo as (
    select
        mmsi,
        min(imo) as only_imo,
        count(distinct imo) as imos
    from report
    group by mmsi
),

hull as (
    -- Static data come and go: a report without an IMO number is the hull's whose number the MMSI
    -- sends, where it sends one only.
    select
        report.* replace (
            case when sent_imo.imos <= 1 then sent_imo.only_imo else report.imo end as imo
        )
    from report
    inner join sent_imo on report.mmsi = sent_imo.mmsi
),

span as (
    select
        mmsi,
        imo,
        min(first_at) as valid_from,
        max(last_at) as valid_to
    from hull
    group by mmsi, imo
),

named as (
    select
        mmsi,
        imo,
        vessel_name
    from hull
    where vessel_name is not null
    group by mmsi, imo, vessel_name
    qualify row_number() over (
        partition by mmsi, imo
        order by sum(reports) desc, vessel_name
    ) = 1
),

typed as (
    select
        mmsi,
        imo,
        ship_type
    from hull
    where ship_type is not null
    group by mmsi, imo, ship_type
    qualify row_number() over (
        partition by mmsi, imo
        order by sum(reports) desc, ship_type
    ) = 1
),

tanker as (
    select
        mmsi,
        imo,
        2 * sum(reports) filter (where ship_type between 80 and 89)
        > sum(reports) as is_tanker
    from hull
    where ship_type is not null
    group by mmsi, imo
),

sized as (
    select
        mmsi,
        imo,
        length_m,
        beam_m
    from hull
    where length_m is not null
    group by mmsi, imo, length_m, beam_m
    qualify row_number() over (
        partition by mmsi, imo
        order by sum(reports) desc, length_m, beam_m
    ) = 1
)

select
    span.imo,
    span.mmsi,
    named.vessel_name,
    mid.country_code as flag,
    typed.ship_type,
    -- AIS type 80 to 89 in most of the reports that give a type; null where none does.
    case when tanker.mmsi is not null then coalesce(tanker.is_tanker, false) end as is_tanker,
    sized.length_m,
    sized.beam_m,
    span.valid_from,
    span.valid_to
from span
left join named on span.mmsi = named.mmsi and span.imo is not distinct from named.imo
left join typed on span.mmsi = typed.mmsi and span.imo is not distinct from typed.imo
left join tanker on span.mmsi = tanker.mmsi and span.imo is not distinct from tanker.imo
left join sized on span.mmsi = sized.mmsi and span.imo is not distinct from sized.imo
left join mid on span.mmsi // 1000000 = mid.mid
order by span.mmsi, span.imo

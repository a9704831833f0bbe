-- AIS destinations that name a Russian port, by UN/LOCODE or by name, with first and last time of transmission.
-- Grain: one transmitter, transmitted IMO number, Russian port and period: 30 days without such a fix end a period.
with transmitted as (
    select distinct destination
    from static_report
    where destination is not null
),

normal as (
    -- Crews write RU NVS, RUULU>EGPSD, ST.PETERSBURG: compare words, without punctuation.
    select
        destination,
        ' ' || trim(regexp_replace(upper(destination), '[^A-Z0-9]+', ' ', 'g')) || ' ' as words
    from transmitted
),

named as (
    select distinct
        normal.destination,
        trim(normal.words) as words,
        text.port_id,
        text.name as port_name
    from normal
    inner join destination_text as text on contains(normal.words, ' ' || text.text || ' ')
    -- Not St Petersburg in Florida.
    where not regexp_matches(normal.words, ' ST PETERSBURG (FL|FLORIDA|US|USA) ')
),

destination_day as (
    select
        report.mmsi,
        report.imo,
        named.port_id,
        named.port_name,
        min(named.words) as words,
        min(report.first_at) as first_at,
        max(report.last_at) as last_at
    from static_report as report
    inner join named on report.destination = named.destination
    group by report.mmsi, report.imo, named.port_id, named.port_name, report.day
),

-- Ships transmit every few minutes: a month without the port's name lies between two voyages.
gapped as (
    select
        *,
        first_at - lag(last_at) over (
            partition by mmsi, imo, port_id, port_name order by first_at
        ) >= interval 30 day as is_new
    from destination_day
),

voyage as (
    select
        *,
        count(*) filter (where is_new) over (
            partition by mmsi, imo, port_id, port_name order by first_at
        ) as voyage
    from gapped
)

select
    mmsi,
    imo,
    port_id,
    port_name,
    min(words) as destination,
    min(first_at) as first_at,
    max(last_at) as last_at
from voyage
group by mmsi, imo, port_id, port_name, voyage
order by mmsi, imo, port_id, port_name, first_at

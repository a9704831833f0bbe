-- AIS destinations that name a Russian port, by UN/LOCODE or by name.
-- Grain: one transmitter, IMO number sent and Russian port. Inputs: position, destination_text, from data/codes.
with spoken as (
    select
        mmsi,
        imo,
        destination,
        min(reported_at) as first_at,
        max(reported_at) as last_at
    from position
    where destination is not null
    group by mmsi, imo, destination
),

normal as (
    -- Crews write RU NVS, RUULU>EGPSD, ST.PETERSBURG: words are what counts.
    select distinct
        destination,
        ' ' || trim(regexp_replace(upper(destination), '[^A-Z0-9]+', ' ', 'g')) || ' ' as words
    from spoken
),

named as (
    select
        normal.destination,
        trim(normal.words) as words,
        text.port_id,
        text.name
    from normal
    inner join destination_text as text on contains(normal.words, ' ' || text.text || ' ')
    -- The one in Florida.
    where not regexp_matches(normal.words, ' ST PETERSBURG (FL|FLORIDA|US|USA) ')
)

select
    spoken.mmsi,
    spoken.imo,
    named.port_id,
    named.name as port_name,
    min(named.words) as destination,
    min(spoken.first_at) as first_at,
    max(spoken.last_at) as last_at
from spoken
inner join named on spoken.destination = named.destination
group by spoken.mmsi, spoken.imo, named.port_id, named.name
order by spoken.mmsi, spoken.imo, named.port_id, named.name

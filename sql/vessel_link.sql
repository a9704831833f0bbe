-- Evidence that ties a hull to Russia, each piece dated and sourced.
-- Grain: one piece of evidence. Inputs: register_entry; vessel; trade_call; strait_passage; russian_destination; link_decision; meta.
with clock as (
    select coalesce((max(value) filter (where key = 'known_on'))::date, 'infinity'::date) as known_on
    from meta
),

registered as (
    -- What is known today counts for all weeks, so a listing date makes no step in the series:
    -- valid_from is open unless the list says from when. A delisted ship keeps its link for the
    -- time before.
    select
        imo,
        mmsis,
        link_tier,
        link_reason,
        link_source,
        reference,
        programme,
        listed_on,
        delisted_on,
        valid_from,
        least(delisted_on::timestamp, gone_by::timestamp, valid_to) as valid_to,
        known_from,
        first_seen_on,
        last_seen_on
    from register_entry
    where
        country = 'RU'
        and link_tier is not null
        and link_reason in ('listed', 'flag', 'owner', 'trade', 'destination')
),

by_imo as (
    select
        * exclude (mmsis, first_seen_on, last_seen_on),
        null::integer as mmsi,
        'imo' as matched_by
    from registered
    where imo is not null
),

-- An MMSI in a list belonged to the hull when the list said so: from the listing, or the first
-- version that has it, to a year after the last one. Ships under these flags change it faster; who
-- sends a valid IMO number is matched by that alone.
by_mmsi as (
    select
        * exclude (mmsis, first_seen_on, last_seen_on, valid_from, valid_to),
        unnest(mmsis) as mmsi,
        'mmsi' as matched_by,
        greatest(valid_from, coalesce(listed_on, first_seen_on)::timestamp) as valid_from,
        least(valid_to, last_seen_on::timestamp + interval 1 year) as valid_to
    from registered
),

-- A person who refused a hull for an MMSI refused the list's word for it too.
by_mmsi_kept as (
    select by_mmsi.*
    from by_mmsi
    anti join (select * from link_decision where decision = 'refuse') as refused
        on by_mmsi.mmsi = refused.mmsi and by_mmsi.imo = refused.imo
),

-- The Russian flag counts while it is heard and for the year after (README, "How it decides"),
-- under any MMSI of the same hull.
flown as (
    select
        imo,
        mmsi,
        min(valid_from) as valid_from,
        max(valid_to) as valid_to
    from vessel
    where flag = 'RU' and source = 'AIS'
    group by imo, mmsi
),

flag_link as (
    select
        imo,
        mmsi,
        'strong' as link_tier,
        'flag' as link_reason,
        'MMSI' as link_source,
        'MID ' || (mmsi // 1000000) as reference,
        valid_from,
        valid_to + interval 1 year as valid_to
    from flown
),

-- 180 days after a call at a Russian oil port (README, "How it decides").
trade_link as (
    select
        imo,
        case when imo is null then mmsi end as mmsi,
        trade_tier as link_tier,
        'trade' as link_reason,
        'AIS' as link_source,
        port_name || ' (' || port_id || '), ' || arrived_at::date || coalesce(
            ' to ' || departed_at::date, ''
        ) || ', call ' || port_call_id as reference,
        arrived_at as valid_from,
        coalesce(departed_by, departed_at, arrived_at) + interval 180 day as valid_to
    from trade_call
    where confidence >= 2
),

heard_as as (
    select
        mmsi,
        imo,
        valid_from,
        valid_to
    from vessel
    where source = 'AIS' and track_id = mmsi
),

passage_link as (
    select distinct
        heard_as.imo,
        case when heard_as.imo is null then passage.mmsi end as mmsi,
        'weak' as link_tier,
        'trade' as link_reason,
        'AIS' as link_source,
        'laden out of the Baltic through the ' || passage.strait || ', '
        || passage.reached_west_at::date as reference,
        passage.reached_west_at as valid_from,
        passage.reached_west_at + interval 180 day as valid_to
    from strait_passage as passage
    inner join heard_as
        on
            passage.mmsi = heard_as.mmsi
            and passage.reached_west_at between heard_as.valid_from and heard_as.valid_to
    where passage.is_laden
),

destination_link as (
    select distinct
        coalesce(said.imo, heard_as.imo) as imo,
        case when coalesce(said.imo, heard_as.imo) is null then said.mmsi end as mmsi,
        'weak' as link_tier,
        'destination' as link_reason,
        'AIS' as link_source,
        'destination ' || said.destination || ' from ' || said.first_at::date as reference,
        said.first_at as valid_from,
        said.last_at + interval 180 day as valid_to
    from russian_destination as said
    left join heard_as
        on
            said.mmsi = heard_as.mmsi
            and said.first_at between heard_as.valid_from and heard_as.valid_to
),

by_ais as (
    select * from flag_link
    union all
    select * from trade_link
    union all
    select * from passage_link
    union all
    select * from destination_link
),

evidence as (
    select * from by_imo
    union all by name
    select * from by_mmsi_kept
    union all by name
    select
        * ,
        null::varchar as programme,
        null::date as listed_on,
        null::date as delisted_on,
        valid_from::date as known_from,
        case when imo is null then 'mmsi' else 'imo' end as matched_by
    from by_ais
)

select
    evidence.imo,
    evidence.mmsi,
    evidence.link_tier,
    evidence.link_reason,
    evidence.link_source,
    evidence.reference,
    evidence.programme,
    evidence.listed_on,
    evidence.delisted_on,
    evidence.valid_from,
    evidence.valid_to,
    evidence.matched_by,
    evidence.known_from
from evidence
cross join clock
where
    evidence.known_from <= clock.known_on
    and (evidence.valid_from is null or evidence.valid_to is null or evidence.valid_from < evidence.valid_to)
order by
    evidence.imo,
    evidence.mmsi,
    evidence.link_source,
    evidence.listed_on,
    evidence.reference,
    evidence.programme,
    evidence.valid_from,
    evidence.matched_by

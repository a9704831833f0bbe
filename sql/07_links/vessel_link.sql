-- Evidence that links a hull to Russia, each piece with date and source.
-- Grain: one piece of evidence.
with registered as (
    -- Today's knowledge is used for all weeks, so that a listing date makes no step in the series:
    -- valid_from is null unless the list gives it. A delisted ship keeps its link for the time
    -- before.
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
        and link_reason in ('listed', 'flag', 'owner', 'trade', 'destination', 'switch')
),

by_imo as (
    select
        * exclude (mmsis, first_seen_on, last_seen_on),
        null::integer as mmsi,
        'imo' as matched_by
    from registered
    where imo is not null
),

-- A ship of a switch list is weak evidence. A person's decision makes it count in its time, known from
-- the day of the decision.
by_decision as (
    select by_imo.* replace (
        'moderate' as link_tier,
        greatest(by_imo.valid_from, hull_decision.valid_from) as valid_from,
        least(by_imo.valid_to, hull_decision.valid_to) as valid_to,
        greatest(by_imo.known_from, hull_decision.decided_on) as known_from
    )
    from by_imo
    inner join hull_decision on by_imo.imo = hull_decision.imo
    where by_imo.link_reason = 'switch'
),

-- An MMSI in a list is valid from the listing, or the first version that has it, to a year after the
-- last version. Ships under these flags change it often; a ship that transmits an IMO number is
-- matched only by that.
by_mmsi as (
    select
        * exclude (mmsis, first_seen_on, last_seen_on, valid_from, valid_to),
        unnest(mmsis) as mmsi,
        'mmsi' as matched_by,
        greatest(valid_from, coalesce(listed_on, first_seen_on)::timestamp) as valid_from,
        least(valid_to, last_seen_on::timestamp + interval 1 year) as valid_to
    from registered
),

-- The Russian flag counts while it is heard and for the year after (docs/method.md, "Russian-linked"),
-- under any MMSI of the same hull. A year without it ends the period; a later use starts a new one.
flag_use as (
    select
        hull_spell.*,
        coalesce(
            hull_spell.first_at > lag(hull_spell.last_at) over (
                partition by hull_spell.hull_id, hull_spell.mmsi order by hull_spell.first_at
            ) + interval 1 year,
            false
        ) as is_new
    from hull_spell
    inner join mid on hull_spell.mmsi // 1000000 = mid.mid
    where mid.country_code = 'RU'
),

flag_period as (
    select
        *,
        count(*) filter (where is_new) over (
            partition by hull_id, mmsi order by first_at
            rows between unbounded preceding and current row
        ) as span
    from flag_use
),

flag_link as (
    select
        any_value(imo) as imo,
        mmsi,
        hull_id,
        'strong' as link_tier,
        'flag' as link_reason,
        'MMSI' as link_source,
        'MID ' || (mmsi // 1000000) as reference,
        min(first_at) as valid_from,
        max(last_at) + interval 1 year as valid_to
    from flag_period
    group by hull_id, mmsi, span
),

-- 180 days after a call at a Russian oil port (docs/method.md, "Russian-linked"). A dry cargo ship among
-- oil berths has no oil. At the Caspian ports her call is trade with Russia all the same: Astrakhan,
-- Olya and Makhachkala are all of Russia's seaports there, and their fences hold the dry berths too.
trade_link as (
    select
        imo,
        mmsi,
        hull_id,
        trade_tier as link_tier,
        'trade' as link_reason,
        'AIS' as link_source,
        port_name || ' (' || port_id || '), ' || arrived_at::date || coalesce(
            ' to ' || departed_at::date, ''
        ) || ', call ' || port_call_id as reference,
        arrived_at as valid_from,
        coalesce(departed_at, arrived_at) + to_days(rule('trade_days')::integer) as valid_to
    from trade_call
    where
        confidence >= rule('counted_confidence')
        and (is_tanker is distinct from false or port_water = 'Caspian')
),

description as (
    select
        hull_id,
        mmsi,
        imo,
        valid_from,
        valid_to
    from vessel
    where source = 'AIS' and track_id = mmsi
),

passage_link as (
    select distinct
        description.imo,
        description.mmsi,
        description.hull_id,
        'weak' as link_tier,
        'trade' as link_reason,
        'AIS' as link_source,
        'laden out of the Baltic through the ' || passage.strait || ', '
        || passage.reached_west_at::date as reference,
        passage.reached_west_at as valid_from,
        passage.reached_west_at + to_days(rule('trade_days')::integer) as valid_to
    from strait_passage as passage
    inner join description
        on
            passage.mmsi = description.mmsi
            and passage.reached_west_at between description.valid_from and description.valid_to
    where passage.is_laden
),

destination_link as (
    select distinct
        description.imo,
        description.mmsi,
        description.hull_id,
        'weak' as link_tier,
        'destination' as link_reason,
        'AIS' as link_source,
        'destination ' || reported.destination || ' from ' || reported.first_at::date as reference,
        reported.first_at as valid_from,
        reported.last_at + to_days(rule('trade_days')::integer) as valid_to
    from russian_destination as reported
    inner join description
        on
            reported.mmsi = description.mmsi
            and reported.first_at between description.valid_from and description.valid_to
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
    select * from by_decision
    union all by name
    select * from by_mmsi
    union all by name
    select
        *,
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
    evidence.known_from,
    coalesce(evidence.hull_id, case when evidence.matched_by = 'imo' then 'IMO ' || evidence.imo end)
        as hull_id
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
    evidence.matched_by,
    evidence.hull_id

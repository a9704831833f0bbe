-- Each week of each outside series beside our count of tanker calls; input of the test (flows/derive/agreement.py).
-- Grain: one publisher, series, place and week.
with in_force as (
    select
        publisher,
        series,
        scope,
        coalesce(port_id, place_id, place) as place_key,
        port_id,
        place,
        unit,
        strftime(date, '%G-W%V') as week,
        count(*) as days,
        -- Whole numbers or tonnes: a fixed order makes the sum reproducible.
        list_sum(list(value order by date)) as value,
        max(published_on) as published_on
    from outside_series
    where is_in_force
    group by all
),

-- Where a publisher gives ports and no total, the ports together are its coast.
coast as (
    select
        publisher,
        series,
        'coast' as scope,
        'the ports together' as place_key,
        null as port_id,
        'Iran, the ports together' as place,
        any_value(unit) as unit,
        week,
        min(days) as days,
        list_sum(list(value order by place_key)) as value,
        max(published_on) as published_on,
        count(*) as places
    from in_force
    where scope = 'port'
    group by publisher, series, week
),

most_places as (
    select
        *,
        max(places) over (partition by publisher, series) as all_places
    from coast
    anti join (select distinct publisher, series from in_force where scope = 'coast') as given_total
        on coast.publisher = given_total.publisher and coast.series = given_total.series
),

theirs as (
    from in_force
    union all by name
    select
        publisher,
        series,
        scope,
        place_key,
        port_id,
        place,
        unit,
        week,
        -- A week in which a port is missing is no whole week.
        case when places = all_places then days else 0 end as days,
        value,
        published_on
    from most_places
),

our_coast as (
    select
        week,
        case when tanker_calls > 0 or is_tanker_zero_reported then tanker_calls end as ours,
        observed_share
    from series_count
    where series = getvariable('series') and water is null
),

our_port as (
    select
        week,
        port_id,
        -- As of the coast, no zero where a ship of unknown type called, which may have been a tanker.
        case
            when
                sum(port_calls) > 0
                or (week, port_id) not in (
                    select (week, port_id) from untyped_call where series = getvariable('series')
                )
                then sum(port_calls)
        end::bigint as ours,
        any_value(observed_share) as observed_share
    from weekly_count
    where series = getvariable('series')
    group by week, port_id
),

ours as (
    select
        week,
        null as port_id,
        ours,
        observed_share
    from our_coast
    union all
    select
        week,
        port_id,
        ours,
        observed_share
    from our_port
)

select
    week.week,
    week.week_start,
    week.is_open,
    theirs.publisher,
    theirs.series,
    theirs.scope,
    theirs.place_key,
    theirs.place,
    theirs.port_id,
    theirs.unit,
    theirs.value as theirs,
    theirs.days::smallint as theirs_days,
    theirs.published_on,
    ours.ours,
    ours.observed_share
from theirs
inner join week on theirs.week = week.week
left join ours
    on
        theirs.series = 'tanker_calls'
        and theirs.week = ours.week
        and theirs.port_id is not distinct from ours.port_id
        and theirs.scope in ('coast', 'port')
        and (theirs.scope = 'coast' or theirs.port_id is not null)
order by theirs.publisher, theirs.series, theirs.scope, theirs.place_key, week.week

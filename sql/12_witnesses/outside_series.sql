-- Daily series that others publish, up to the as-of time, with every version of a value.
-- Grain: one version of a day's value (publisher, series, place, date, published_on).
with given_value as (
    select
        witness_file.witness as publisher,
        value.series,
        value.scope,
        value.place_id,
        value.place,
        value.day as date,
        value.value,
        value.unit,
        witness_file.published_on,
        witness_file.file_id,
        witness_file.file_number,
        value.line,
        coalesce(value.place_id, value.place) as place_key
    from witness_value as value
    inner join witness_file on value.file = witness_file.file_number
    cross join clock
    where value.day <= clock.as_of::date
),

-- One value a day of publication: of two files of a day the later counts, as does the later line.
daily as (
    select *
    from given_value
    qualify row_number() over (
        partition by publisher, series, scope, place_key, date, published_on
        order by file_number desc, line desc
    ) = 1
),

-- A value that is published again as it was is no new version.
changed as (
    select *
    from daily
    qualify
        lag(value) over (
            partition by publisher, series, scope, place_key, date order by published_on
        ) is distinct from value
)

select
    changed.publisher,
    changed.series,
    portwatch_port.port_id,
    case when changed.scope = 'coast' then changed.place end as coast,
    changed.date,
    changed.value,
    changed.unit,
    changed.published_on,
    changed.published_on = max(changed.published_on) over (
        partition by
            changed.publisher, changed.series, changed.scope, changed.place_key, changed.date
    ) as is_in_force,
    changed.scope,
    changed.place,
    changed.place_id,
    changed.file_id
from changed
left join portwatch_port on changed.scope = 'port' and changed.place_id = portwatch_port.portid
order by
    changed.publisher,
    changed.series,
    changed.scope,
    changed.place_key,
    changed.date,
    changed.published_on

-- Rows whose hull_id is no hull's, or that name none though they are about a ship heard.
-- Grain: one relation and hull_id at fault.
with named as (
    select
        'port_call' as relation,
        hull_id
    from port_call
    union all
    select
        'counted_call' as relation,
        hull_id
    from counted_call
    union all
    select
        'trade_call' as relation,
        hull_id
    from trade_call
    union all
    select
        'vessel' as relation,
        hull_id
    from vessel
    union all
    -- Registers name ships that were never heard; what AIS gives is of ships that were.
    select
        'vessel_link' as relation,
        hull_id
    from vessel_link
    where link_source in ('MMSI', 'AIS')
    union all
    select
        'coast_silence' as relation,
        hull_id
    from coast_silence
    union all
    select
        'possible_dark_call' as relation,
        hull_id
    from possible_dark_call
)

select distinct
    named.relation,
    named.hull_id
from named
left join hull on named.hull_id = hull.hull_id
where hull.hull_id is null
order by named.relation, named.hull_id

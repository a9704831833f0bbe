-- Calls in the weeks that are alerted, of what the watchlist names.
-- Grain: one call (port_call_id).
with call as (
    select
        port_call.port_call_id,
        port_call.imo,
        port_call.mmsi,
        port_call.port_id,
        port_call.is_tanker and port_call.is_russian_linked as is_linked_tanker
    from port_call
    inner join alert_week on port_call.week = alert_week.week
    inner join port on port_call.port_id = port.port_id
    where
        port.country = 'IR'
        and port_call.is_arrival
        and port_call.confidence >= rule('counted_confidence')
),

-- A ship is watched for any call of hers. Of a port, of a list and of first-time callers, calls of
-- Russian-linked tankers alone: of all tankers there are too many to read.
matched as (
    select
        call.port_call_id,
        watchlist.line,
        watchlist.note,
        false as is_by_first,
        'IMO ' || watchlist.value as label
    from call
    inner join watchlist on watchlist.kind = 'imo' and call.imo::varchar = watchlist.value
    union all
    select
        call.port_call_id,
        watchlist.line,
        watchlist.note,
        false as is_by_first,
        'MMSI ' || watchlist.value as label
    from call
    inner join watchlist on watchlist.kind = 'mmsi' and call.mmsi::varchar = watchlist.value
    union all
    select
        call.port_call_id,
        watchlist.line,
        watchlist.note,
        false as is_by_first,
        'port ' || watchlist.value as label
    from call
    inner join watchlist on watchlist.kind = 'port' and call.port_id = watchlist.value
    where call.is_linked_tanker
    union all
    select distinct
        call.port_call_id,
        watchlist.line,
        watchlist.note,
        false as is_by_first,
        'list ' || watchlist.value as label
    from call
    inner join call_evidence on call.port_call_id = call_evidence.port_call_id
    inner join watchlist
        on watchlist.kind = 'list' and call_evidence.link_source = watchlist.value
    where call.is_linked_tanker
    union all
    select
        call.port_call_id,
        watchlist.line,
        watchlist.note,
        true as is_by_first,
        'first-time caller' as label
    from call
    inner join call_voyage on call.port_call_id = call_voyage.port_call_id
    inner join watchlist on watchlist.kind = 'first-time caller'
    where
        call.is_linked_tanker
        and call_voyage.series = getvariable('series')
        and call_voyage.is_first_call
)

select
    port_call_id,
    bool_and(is_by_first) as is_by_first,
    string_agg(label, ', ' order by line) as watched,
    string_agg(note, '; ' order by line) as notes
from matched
group by port_call_id
order by port_call_id

-- Waiting time of tankers between arrival and berth at each port.
-- Grain: one port and whether the tankers are Russian-linked.
with waited as (
    select
        port_id,
        port_name,
        is_russian_linked,
        datediff('minute', arrived_at, berthed_at) / 60 as wait_h,
        datediff('minute', berthed_at, unberthed_at) / 60 as berth_h
    from port_call
    where
        is_tanker
        and area_kind = 'berth'
        -- Confidence 3 or more, with the arrival seen: otherwise the wait may have begun earlier.
        and confidence >= 3
        and arrived_after >= arrived_at - interval 6 hour
)

select
    waited.port_id,
    waited.port_name,
    waited.is_russian_linked,
    count(*) as port_calls,
    round(median(waited.wait_h), 1) as median_wait_h,
    round(quantile_cont(waited.wait_h, 0.9), 1) as wait_h_90_percent,
    round(max(waited.wait_h), 1) as longest_wait_h,
    round(median(waited.berth_h), 1) as median_berth_h
from waited
group by waited.port_id, waited.port_name, waited.is_russian_linked
order by waited.port_id, waited.is_russian_linked

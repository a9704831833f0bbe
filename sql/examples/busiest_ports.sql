-- The ports by calls of all tankers and of Russian-linked ones.
-- Grain: one port.
with called as (
    select
        port_id,
        count(*) as tanker_calls,
        count(*) filter (where is_russian_linked) as linked_calls,
        count(*) filter (where is_russian_linked and area_kind = 'berth') as linked_berth_calls,
        count(distinct hull_id) as tankers,
        count(distinct hull_id) filter (where is_russian_linked) as linked_tankers
    from counted_call
    where series = 'russian_linked_tankers'
    group by port_id
),

heard as (
    select
        port_id,
        count(*) filter (
            where observed_share >= (select "value" from rule where name = 'least_share')::float
        ) as weeks_heard,
        count(*) as weeks
    from port_week
    group by port_id
)

select
    port.port_id,
    port.name as port_name,
    port.water,
    -- A port that was not heard may have had calls: null, not 0.
    case when heard.weeks_heard > 0 then coalesce(called.tanker_calls, 0) else called.tanker_calls end
        as tanker_calls,
    case when heard.weeks_heard > 0 then coalesce(called.linked_calls, 0) else called.linked_calls end
        as linked_calls,
    called.linked_berth_calls,
    round(100.0 * called.linked_calls / called.tanker_calls, 1) as linked_percent,
    called.tankers,
    called.linked_tankers,
    heard.weeks_heard,
    heard.weeks
from port
left join called on port.port_id = called.port_id
left join heard on port.port_id = heard.port_id
order by called.tanker_calls desc nulls last, port.port_id

-- The tankers with the most calls: identity, number and places of calls, and links to Russia.
-- Grain: one hull (hull_id).
with called as (
    select
        counted_call.hull_id,
        count(*) as calls,
        count(*) filter (where counted_call.area_kind = 'berth') as berth_calls,
        count(*) filter (where counted_call.is_headline and counted_call.is_russian_linked)
            as headline_calls,
        string_agg(distinct counted_call.port_name, '; ' order by counted_call.port_name) as ports,
        min(port_call.arrived_on) as first_arrived_on,
        max(port_call.arrived_on) as last_arrived_on
    from counted_call
    inner join port_call on counted_call.port_call_id = port_call.port_call_id
    where counted_call.series = 'russian_linked_tankers'
    group by counted_call.hull_id
),

linked as (
    select
        hull_id,
        string_agg(
            distinct link_source || ' (' || link_tier || ')',
            ', ' order by link_source || ' (' || link_tier || ')'
        ) as links
    from vessel_link
    where hull_id is not null
    group by hull_id
)

select
    called.hull_id,
    hull.vessel_name,
    hull.flag,
    hull.tanker_kind,
    hull.length_m,
    called.calls,
    called.berth_calls,
    called.headline_calls,
    called.ports,
    called.first_arrived_on,
    called.last_arrived_on,
    linked.links
from called
inner join hull on called.hull_id = hull.hull_id
left join linked on called.hull_id = linked.hull_id
order by called.headline_calls desc, called.calls desc, called.hull_id

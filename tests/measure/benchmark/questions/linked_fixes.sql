-- The fixes of a week by ships that are linked to Russia, by the reason of the link.
-- Grain: one tier and reason of a link. Inputs: position, vessel_link.
with linked as (
    select distinct
        mmsi,
        link_tier,
        link_reason
    from vessel_link
    where mmsi is not null
)

select
    linked.link_tier,
    linked.link_reason,
    count(*) as fixes,
    count(distinct fix.mmsi) as ships
from position as fix
inner join linked on fix.mmsi = linked.mmsi
where fix.reported_at >= $moment and fix.reported_at < $moment + interval 7 days
group by linked.link_tier, linked.link_reason
order by linked.link_tier, linked.link_reason

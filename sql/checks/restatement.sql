-- Counts marked as restated from their own value, or before they were published.
-- Grain: one week, port and link_tier at fault.
select
    week,
    port_id,
    link_tier,
    port_calls,
    first_published_at,
    restated_from
from weekly_port_calls
where
    restated_from = port_calls
    or (restated_from is not null and first_published_at is null)
order by week, port_id, link_tier

-- Rows whose state is none of the four, or does not fit their count, share and week.
-- Grain: one row at fault of weekly_port_calls, barometer or weekly_water.
with stated as (
    select
        'weekly_port_calls' as relation,
        week,
        port_id,
        link_tier,
        port_calls as calls,
        observed_share,
        observed_share as worst_share,
        state
    from weekly_port_calls
    union all
    select
        'barometer' as relation,
        week,
        null as port_id,
        null as link_tier,
        russian_linked_tanker_calls as calls,
        observed_share,
        worst_share,
        state
    from barometer
    union all
    select
        'weekly_water' as relation,
        week,
        null as port_id,
        null as link_tier,
        russian_linked_tanker_calls as calls,
        observed_share,
        observed_share as worst_share,
        state
    from weekly_water
)

select
    stated.relation,
    stated.week,
    stated.port_id,
    stated.link_tier,
    stated.calls,
    stated.observed_share,
    stated.worst_share,
    stated.state
from stated
left join week on stated.week = week.week
where
    stated.observed_share not between 0 and 1
    or stated.state is distinct from case
        when week.week is null then null
        when week.is_open then 'open'
        when stated.calls is null then 'unobserved'
        when stated.worst_share >= 0.95::float then 'complete'
        else 'partial'
    end
    or stated.state is null
order by stated.relation, stated.week, stated.port_id, stated.link_tier

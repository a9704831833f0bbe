-- Days of coverage that differ from the hours they count, or whose state does not fit.
-- Grain: one port and day at fault.
with heard as (
    select
        port_id,
        slot_at::date as day,
        sum(fixes) as fixes
    from heard_slot
    group by all
),

observed as (
    select
        port_id,
        hour::date as day,
        count(*) as hours
    from observed_hour
    group by all
)

select
    coverage.port_id,
    coverage.day,
    coverage.observed_hours,
    observed.hours,
    coverage.fixes,
    heard.fixes as heard_fixes,
    coverage.vessels,
    coverage.state
from coverage
left join heard on coverage.port_id = heard.port_id and coverage.day = heard.day
left join observed on coverage.port_id = observed.port_id and coverage.day = observed.day
where
    coverage.observed_hours is distinct from coalesce(observed.hours, 0)
    or coverage.observed_hours not between 0 and 24
    or coverage.fixes is distinct from coalesce(heard.fixes, 0)
    or (coverage.vessels = 0) is distinct from (coverage.fixes = 0)
    or coverage.vessels > coverage.fixes
    or coverage.state is distinct from case
        when coverage.observed_hours = 0 then 'unobserved'
        when coverage.observed_hours >= 0.95 * 24 then 'complete'
        else 'partial'
    end
order by coverage.port_id, coverage.day

-- The registers that today's links follow, and how old each was when a week ended.
-- Grain: one register. Inputs: register_version, week.
select
    version.link_source,
    version.published_on,
    version.entries,
    (week.ends_at::date - version.published_on)::integer as age_days,
    -- The EU lists ships every two to four months (relation register_age).
    week.ends_at::date - version.published_on > 60 as is_old
from register_version as version
inner join week on week.week = $week
where version.is_newest
order by version.link_source

-- The weeks that are alerted: the newest closed ones.
-- Grain: one week.
with closed as (
    select
        week,
        ends_at,
        row_number() over (order by week desc) as place
    from week
    where not is_open
)

select
    week,
    ends_at,
    place = 1 as is_newest
from closed
where place <= rule('alert_weeks')
order by week

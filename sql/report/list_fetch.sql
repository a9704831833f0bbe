-- The last attempt to refresh each list in the seven days after the week, when its report is made.
-- Grain: one list.
select
    list_fetch.list_id,
    list_fetch.state,
    list_fetch.message,
    list_fetch.tried_at,
    list_fetch.in_force_on,
    (list_fetch.tried_at::date - list_fetch.in_force_on)::integer as age_days
from list_fetch
inner join week
    on
        week.week = $week
        and list_fetch.tried_at >= week.ends_at
        and list_fetch.tried_at < week.ends_at + interval 7 day
qualify row_number() over (
    partition by list_fetch.list_id
    order by list_fetch.attempt desc
) = 1
order by list_fetch.list_id

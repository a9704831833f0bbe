-- Lists and sources whose last attempt in the seven days after the week failed.
-- Grain: one list or source.
-- The report of the week is made in these days; the newest report stands until there is a later one.
-- A source that was fetched since is left out: its files make up for what was missing.
with attempt as (
    select
        true as is_list,
        list_id as name,
        attempt as number,
        tried_at,
        state,
        message,
        in_force_on as held_on,
        false as is_made_up_for
    from list_fetch
    union all
    select
        false as is_list,
        source as name,
        attempt as number,
        tried_at,
        state,
        message,
        (
            max(tried_at) filter (where state = 'fetched') over (
                partition by source
                order by attempt
            )
        )::date as held_on,
        coalesce(
            max(attempt) filter (where state = 'fetched') over (partition by source) > attempt,
            false
        ) as is_made_up_for
    from source_fetch
),

last_attempt as (
    select attempt.*
    from attempt
    inner join week
        on
            week.week = $week
            and attempt.tried_at >= week.ends_at
            and (
                attempt.tried_at < week.ends_at + interval 7 day
                or week.ends_at = (select max(newest.ends_at) from week as newest)
            )
    qualify row_number() over (
        partition by attempt.is_list, attempt.name
        order by attempt.number desc
    ) = 1
)

select
    name,
    is_list,
    state,
    message,
    tried_at::date as tried_on,
    held_on,
    (tried_at::date - held_on)::integer as age_days
from last_attempt
where state in ('failed', 'refused') and not is_made_up_for
order by is_list, name

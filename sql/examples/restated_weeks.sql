-- Every version of every published headline, with the reasons for the changes.
-- Grain: one version of a week's headline.
with changed as (
    select
        week,
        run_id,
        string_agg(distinct reasons, ' / ' order by reasons) as reasons,
        count(*) filter (
            where number = 'port_calls'
            and coalesce(old_port_calls, 0) <> coalesce(new_port_calls, 0)
        ) as changed_counts
    from restatement
    where series = 'russian_linked_tankers'
    group by week, run_id
)

select
    published_week.week,
    published_week.published_at,
    published_week.run_id,
    published_week.russian_linked_tanker_calls,
    lag(published_week.russian_linked_tanker_calls) over (
        partition by published_week.week order by published_week.run_id
    ) as old_russian_linked_tanker_calls,
    published_week.observed_share,
    published_week.state,
    coalesce(changed.changed_counts, 0) as changed_counts,
    changed.reasons
from published_week
left join changed
    on published_week.week = changed.week and published_week.run_id = changed.run_id
where published_week.series = 'russian_linked_tankers'
order by published_week.week, published_week.run_id

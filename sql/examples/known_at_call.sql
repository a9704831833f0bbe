-- The headline in both views: with the links known today, and with those known at the call.
-- Grain: one week.
with counted as (
    select
        counted_call.week,
        count(*) filter (where port_call.was_known_at_call) as known_then,
        count(*) filter (where not port_call.was_known_at_call) as known_since
    from counted_call
    inner join port_call on counted_call.port_call_id = port_call.port_call_id
    where
        counted_call.series = 'russian_linked_tankers'
        and counted_call.is_headline
        and counted_call.is_russian_linked
    group by counted_call.week
)

select
    barometer.week,
    barometer.russian_linked_tanker_calls as linked_today,
    -- Null, not 0, where too few hours were heard to report zero.
    case
        when barometer.russian_linked_tanker_calls is not null
            then coalesce(counted.known_then, 0)
    end as known_when_they_called,
    case
        when barometer.russian_linked_tanker_calls is not null
            then coalesce(counted.known_since, 0)
    end as known_only_since,
    barometer.state
from barometer
left join counted on barometer.week = counted.week
where barometer.series = 'russian_linked_tankers'
order by barometer.week

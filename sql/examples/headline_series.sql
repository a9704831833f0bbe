-- The series: calls of Russian-linked tankers week by week, beside all tankers' and what was heard.
-- Grain: one week.
select
    week,
    week_start,
    russian_linked_berth_calls,
    russian_linked_tanker_calls,
    tanker_calls,
    -- Where little was heard both counts fall; their ratio falls less.
    round(100.0 * russian_linked_tanker_calls / nullif(tanker_calls, 0), 1) as linked_percent,
    round(100 * observed_share::double, 1) as heard_percent,
    state
from barometer
order by week

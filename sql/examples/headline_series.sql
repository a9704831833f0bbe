-- The series: weekly calls of Russian-linked tankers, calls of all tankers and the share heard.
-- Grain: one week.
select
    week,
    week_start,
    russian_linked_berth_calls,
    russian_linked_tanker_calls,
    tanker_calls,
    -- With poor reception both counts fall, their ratio less so.
    round(100.0 * russian_linked_tanker_calls / nullif(tanker_calls, 0), 1) as linked_percent,
    round(100 * observed_share::double, 1) as heard_percent,
    state
from barometer
where series = 'russian_linked_tankers'
order by week

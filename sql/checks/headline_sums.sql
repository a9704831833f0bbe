-- Weeks of the series that are not the number of the headline's calls, or are missing.
-- Grain: one week at fault.
with counted as (
    select
        week,
        count(*) as tanker_calls,
        count(*) filter (where is_russian_linked) as linked_calls,
        count(*) filter (where is_russian_linked and area_kind = 'berth') as berth_calls
    from counted_call
    where is_headline
    group by week
),

expected as (
    select
        week.week,
        coalesce(counted.tanker_calls, 0) as tanker_calls,
        coalesce(counted.linked_calls, 0) as linked_calls,
        coalesce(counted.berth_calls, 0) as berth_calls
    from week
    full join counted on week.week = counted.week
)

select
    coalesce(expected.week, barometer.week) as week,
    barometer.russian_linked_tanker_calls,
    expected.linked_calls,
    barometer.russian_linked_berth_calls,
    expected.berth_calls,
    barometer.tanker_calls,
    expected.tanker_calls as counted_tanker_calls
from expected
full join barometer on expected.week = barometer.week
where
    barometer.week is null
    or expected.week is null
    or coalesce(barometer.russian_linked_tanker_calls, 0) <> expected.linked_calls
    or coalesce(barometer.russian_linked_berth_calls, 0) <> expected.berth_calls
    or coalesce(barometer.tanker_calls, 0) <> expected.tanker_calls
    or greatest(
        barometer.listed_calls, barometer.flag_calls, barometer.owner_calls, barometer.trade_calls
    ) > expected.linked_calls
order by coalesce(expected.week, barometer.week)

-- Silences near Iranian ports by week and verdict: possible dark calls, and the explanations of the others.
-- Grain: one week and verdict.
select
    week,
    verdict,
    count(*) as silences,
    count(distinct hull_id) as hulls,
    count(*) filter (where link_tier in ('strong', 'moderate')) as russian_linked,
    count(*) filter (where abs(draught_after_m - draught_before_m) >= 1) as with_other_draught,
    min(hours) as shortest_h,
    max(hours) as longest_h
from coast_silence
group by week, verdict
order by week, verdict

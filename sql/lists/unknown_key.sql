-- The unknown programme keys of a list, the most frequent first.
-- Grain: one key.
select
    coalesce(nullif(programme, ''), 'without a key') as programme,
    count(distinct hull) as hulls
from entry
where not is_known
group by all
order by hulls desc, programme

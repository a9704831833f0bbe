-- The witnesses of a home, for the line that names their publishers.
-- Grain: one witness.
select
    witness,
    any_value(publisher) as publisher,
    any_value(licence) as licence,
    any_value(citation) as citation,
    max(published_on) as published_on,
    min(oldest_on) as oldest_on,
    max(newest_on) as newest_on
from witness_file
group by witness
order by witness

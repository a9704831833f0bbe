-- The witnesses of a home, for the line that names their publishers.
-- Grain: one witness and publisher.
select
    witness,
    publisher,
    licence,
    citation,
    max(published_on) as published_on,
    min(oldest_on) as oldest_on,
    max(newest_on) as newest_on
from witness_file
group by witness, publisher, licence, citation
order by witness, publisher

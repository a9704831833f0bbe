-- Who publishes what the count is made of or compared with, and under which terms.
-- Grain: one source of positions or witness.
with record as (
    select
        unnest(json_transform(record, '{
            "source": "varchar",
            "publisher": "varchar",
            "licence": "varchar",
            "citation": "varchar"
        }'))
    from given
    where kind = 'source_terms'
)

select
    source,
    publisher,
    licence,
    citation
from record
order by source

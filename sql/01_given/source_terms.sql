-- Who publishes what the count is made of or compared with, under which terms, and how exact it is.
-- Grain: one source of positions, witness or register.
with record as (
    select
        unnest(json_transform(record, '{
            "source": "varchar",
            "publisher": "varchar",
            "licence": "varchar",
            "citation": "varchar",
            "position_accuracy_m": "float",
            "time_step_s": "integer"
        }'))
    from given
    where kind = 'source_terms'
)

select
    source,
    publisher,
    licence,
    citation,
    position_accuracy_m,
    time_step_s
from record
order by source

-- The files that witnesses gave, and who published them.
-- Grain: one file and day of publication (file_number).
with record as (
    select
        number,
        unnest(json_transform(record, '{
            "file_id": "varchar",
            "name": "varchar",
            "source": "varchar",
            "holds": "varchar",
            "published_on": "date",
            "ingested_at": "timestamp",
            "rows_read": "bigint",
            "rows_kept": "bigint",
            "rows_rejected": "bigint",
            "rows_aside": "bigint",
            "oldest_on": "date",
            "newest_on": "date"
        }'))
    from given
    where kind = 'witness_file'
),

-- As for positions: the simulator's files are named so, and no publisher stands for what they hold.
named as (
    select
        *,
        starts_with(name, 'simulated-') as is_simulated
    from record
),

definition as (
    select
        unnest(json_transform(record, '{
            "source_id": "varchar",
            "witness": "varchar",
            "publisher": "varchar",
            "licence": "varchar",
            "citation": "varchar",
            "coverage": "varchar"
        }'))
    from given
    where kind = 'witness'
)

select
    named.number::integer as file_number,
    named.file_id,
    named.name,
    named.source,
    case when named.is_simulated then 'simulated ' else '' end || definition.witness as witness,
    named.holds,
    named.published_on,
    named.ingested_at,
    named.rows_read,
    named.rows_kept,
    named.rows_rejected,
    named.rows_aside,
    named.oldest_on,
    named.newest_on,
    case when named.is_simulated then 'SIMULATED' else definition.publisher end as publisher,
    case when named.is_simulated then 'no data of the publisher' else definition.licence end as licence,
    case when named.is_simulated then 'made up by barometer simulate' else definition.citation end as citation,
    definition.coverage
from named
inner join definition on named.source = definition.source_id
order by named.number

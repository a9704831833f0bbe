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
    record.number::integer as file_number,
    record.file_id,
    record.name,
    record.source,
    -- As for positions: the simulator's files are named so, and nothing of theirs is a publisher's word.
    case
        when starts_with(record.name, 'simulated-') then 'simulated ' || definition.witness
        else definition.witness
    end as witness,
    record.holds,
    record.published_on,
    record.ingested_at,
    record.rows_read,
    record.rows_kept,
    record.rows_rejected,
    record.rows_aside,
    record.oldest_on,
    record.newest_on,
    case
        when starts_with(record.name, 'simulated-') then 'barometer simulate' else definition.publisher
    end as publisher,
    case when starts_with(record.name, 'simulated-') then 'made up' else definition.licence end as licence,
    case when not starts_with(record.name, 'simulated-') then definition.citation end as citation,
    definition.coverage
from record
inner join definition on record.source = definition.source_id
order by record.number

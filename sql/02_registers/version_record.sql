-- Every version of every register, bundled and imported, removed imports included, oldest first.
-- Grain: one version of one register.
with record as (
    select
        number,
        unnest(json_transform(record, '{
            "register": "varchar",
            "link_source": "varchar",
            "published_on": "date",
            "imported_at": "timestamp",
            "name": "varchar",
            "entries": "bigint",
            "import_number": "bigint",
            "removed_number": "bigint",
            "accepted": "varchar"
        }'))
    from given
    where kind = 'register_version'
)

select
    number::integer as version,
    register,
    link_source,
    published_on,
    imported_at,
    name,
    entries,
    import_number,
    removed_number,
    accepted
from record
order by version

-- The versions of the registers, bundled and imported: which list, and its date; without imports that were removed.
-- Grain: one version of one register.
select
    version,
    register,
    link_source,
    published_on,
    imported_at,
    name,
    entries,
    import_number,
    accepted,
    version = max(version) over (partition by register) as is_newest
from version_record
where removed_number is null
order by version

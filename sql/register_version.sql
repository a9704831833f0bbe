-- The versions of the registers at hand, bundled and imported: which list, as it stood on which day.
-- Grain: one version of one register. Inputs: version_record, from flows/registers.
select
    version,
    register,
    link_source,
    published_on,
    imported_at,
    name,
    entries,
    version = max(version) over (partition by register) as is_newest
from version_record
order by version

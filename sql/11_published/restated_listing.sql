-- Versions of registers imported or removed between two publications that have different data on a ship that makes the difference.
-- Grain: one version of a register for one restatement.
with ship as (
    select distinct
        mmsi,
        imo
    from restated_ship
),

statement as (
    select
        version,
        imo,
        mmsis,
        concat_ws(
            '|',
            programme,
            'listed ' || listed_on,
            'delisted ' || delisted_on,
            is_delisted,
            link_tier,
            link_reason,
            vessel_type,
            'from ' || valid_from,
            'to ' || valid_to
        ) as terms
    from version_entry
),

-- Matched as lists are: by IMO number, and by MMSI only a ship that transmits none
-- (docs/method.md, "Matching").
matched as (
    select
        ship.mmsi,
        ship.imo,
        statement.version,
        statement.terms
    from ship
    inner join statement on ship.imo = statement.imo
    union all
    select
        ship.mmsi,
        ship.imo,
        by_mmsi.version,
        by_mmsi.terms
    from ship
    inner join (
        select
            version,
            terms,
            unnest(mmsis) as mmsi
        from statement
    ) as by_mmsi on ship.mmsi = by_mmsi.mmsi
    where ship.imo is null
),

ship_terms as (
    select
        mmsi,
        imo,
        version,
        string_agg(distinct terms, ' ' order by terms) as terms
    from matched
    group by mmsi, imo, version
),

between_runs as (
    select
        restated.restatement_id,
        previous.register_imports as imports_before,
        later.register_imports as imports_now,
        previous.bundled_hash <> later.bundled_hash as is_other_bundle
    from restated
    inner join run as previous on restated.old_run_id = previous.run_id
    inner join run as later on restated.run_id = later.run_id
),

-- Imports and removals are numbered together, as in the home's register history.
changed_version as (
    select
        between_runs.restatement_id,
        version.version,
        version.register,
        version.link_source,
        version.published_on,
        version.import_number is null as is_bundled,
        coalesce(version.removed_number <= between_runs.imports_now, false) as is_removal
    from between_runs
    inner join version_record as version
        on
            (
                version.import_number > between_runs.imports_before
                and version.import_number <= between_runs.imports_now
                -- A version imported and removed before the second run changed nothing.
                and coalesce(version.removed_number > between_runs.imports_now, true)
            )
            or (
                version.import_number <= between_runs.imports_before
                and version.removed_number > between_runs.imports_before
                and version.removed_number <= between_runs.imports_now
            )
            or (version.import_number is null and between_runs.is_other_bundle)
),

available as (
    select
        between_runs.restatement_id,
        version.register,
        version.version,
        coalesce(version.import_number <= between_runs.imports_before, true)
        and coalesce(version.removed_number > between_runs.imports_before, true) as is_before,
        coalesce(version.import_number <= between_runs.imports_now, true)
        and coalesce(version.removed_number > between_runs.imports_now, true) as is_now
    from between_runs
    cross join version_record as version
),

-- The version used without this one: the last of those available before its import, or after its
-- removal. Versions are numbered by date.
alternative as (
    select
        restatement_id,
        register,
        max(version) filter (where is_before) as before_version,
        max(version) filter (where is_now) as now_version
    from available
    group by restatement_id, register
)

select distinct
    changed_version.restatement_id,
    changed_version.link_source,
    changed_version.published_on,
    changed_version.is_removal
from restated_ship as ship
inner join changed_version on ship.restatement_id = changed_version.restatement_id
left join alternative
    on
        changed_version.restatement_id = alternative.restatement_id
        and changed_version.register = alternative.register
left join ship_terms as current
    on
        ship.mmsi = current.mmsi
        and ship.imo is not distinct from current.imo
        and changed_version.version = current.version
left join ship_terms as previous
    on
        ship.mmsi = previous.mmsi
        and ship.imo is not distinct from previous.imo
        and case when changed_version.is_removal then alternative.now_version else alternative.before_version end
        = previous.version
where
    -- Registers bundled with an older release are not kept: any ship in the new ones may be the reason.
    (changed_version.is_bundled and current.terms is not null)
    or (not changed_version.is_bundled and current.terms is distinct from previous.terms)
order by
    changed_version.restatement_id,
    changed_version.link_source,
    changed_version.published_on,
    changed_version.is_removal

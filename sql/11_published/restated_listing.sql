-- Versions of registers that came in, or were removed, between two publications and say something else of a ship that makes the difference.
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
        ) as said
    from version_entry
),

-- As lists are matched: by IMO number, and by MMSI only a ship that sends none
-- (docs/method.md, "Matching").
told as (
    select
        ship.mmsi,
        ship.imo,
        statement.version,
        statement.said
    from ship
    inner join statement on ship.imo = statement.imo
    union all
    select
        ship.mmsi,
        ship.imo,
        by_mmsi.version,
        by_mmsi.said
    from ship
    inner join (
        select
            version,
            said,
            unnest(mmsis) as mmsi
        from statement
    ) as by_mmsi on ship.mmsi = by_mmsi.mmsi
    where ship.imo is null
),

said as (
    select
        mmsi,
        imo,
        version,
        string_agg(distinct said, ' ' order by said) as said
    from told
    group by mmsi, imo, version
),

between_runs as (
    select
        restated.restatement_id,
        before.register_imports as imports_before,
        now.register_imports as imports_now,
        before.bundled_hash <> now.bundled_hash as is_other_bundle
    from restated
    inner join run as before on restated.old_run_id = before.run_id
    inner join run as now on restated.run_id = now.run_id
),

-- Imports and removals are numbered together, as they stand in the home's register history.
since as (
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
                -- What was taken back before the second run as well changed nothing.
                and coalesce(version.removed_number > between_runs.imports_now, true)
            )
            or (
                version.import_number <= between_runs.imports_before
                and version.removed_number > between_runs.imports_before
                and version.removed_number <= between_runs.imports_now
            )
            or (version.import_number is null and between_runs.is_other_bundle)
),

at_hand as (
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

-- What the register says without the version: last of the versions that were at hand before it came,
-- or that are after it went. Versions are numbered by their days.
without as (
    select
        restatement_id,
        register,
        max(version) filter (where is_before) as before_version,
        max(version) filter (where is_now) as now_version
    from at_hand
    group by restatement_id, register
)

select distinct
    since.restatement_id,
    since.link_source,
    since.published_on,
    since.is_removal
from restated_ship as ship
inner join since on ship.restatement_id = since.restatement_id
left join without
    on since.restatement_id = without.restatement_id and since.register = without.register
left join said as now
    on
        ship.mmsi = now.mmsi
        and ship.imo is not distinct from now.imo
        and since.version = now.version
left join said as before
    on
        ship.mmsi = before.mmsi
        and ship.imo is not distinct from before.imo
        and case when since.is_removal then without.now_version else without.before_version end
        = before.version
where
    -- What an older program brought along is not kept: any ship that the new one names may be it.
    (since.is_bundled and now.said is not null)
    or (not since.is_bundled and now.said is distinct from before.said)
order by since.restatement_id, since.link_source, since.published_on, since.is_removal

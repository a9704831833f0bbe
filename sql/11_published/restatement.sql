-- Published numbers that a later run changed: old value, new value, and the inputs that changed in between.
-- Grain: one changed number of a series: of a week, port and link_tier, or of a week of the whole coast (restatement_id).
-- Key: restatement_id.
with pair as (
    select distinct
        week,
        old_run_id,
        run_id,
        strptime(week || '-1', '%G-W%V-%u') as starts_at
    from restated
),

-- A file with a fix from before the end of the week is late, as the week was published already.
file as (
    select
        pair.week,
        pair.old_run_id,
        pair.run_id,
        run_file.file_id,
        run_file.name,
        run_file.is_gone,
        run_file.first_reported_at,
        case
            when run_file.first_reported_at >= pair.starts_at + interval 7 day then 'later'
            when run_file.last_reported_at >= pair.starts_at then 'inside'
            else 'before'
        end as place
    from pair
    inner join run_file
        on pair.old_run_id < run_file.run_id and pair.run_id >= run_file.run_id
    where run_file.is_gone or run_file.first_reported_at is not null
),

-- Names of the files of the week itself, else of those from before it, newest first.
file_named as (
    select
        week,
        old_run_id,
        run_id,
        count(*) filter (where is_gone) as gone,
        list(name order by first_reported_at, file_id) filter (where not is_gone and place = 'inside')
            as inside,
        list(name order by first_reported_at desc, file_id)
            filter (where not is_gone and place = 'before') as earlier,
        list(name order by first_reported_at, file_id) filter (where not is_gone and place = 'later')
            as later
    from file
    group by week, old_run_id, run_id
),

ship as (
    select
        restatement_id,
        count(*) as ships,
        bool_and(is_only_link) as is_only_link,
        string_agg(label, '; ' order by label, mmsi) filter (where calls_after > calls_before) as came,
        string_agg(label, '; ' order by label, mmsi) filter (where calls_after < calls_before) as went
    from (
        select
            restatement_id,
            mmsi,
            is_only_link,
            calls_before,
            calls_after,
            coalesce(vessel_name, 'MMSI ' || mmsi) || coalesce(' (IMO ' || imo || ')', '') as label
        from restated_ship
    ) as named
    group by restatement_id
),

listing as (
    select
        restatement_id,
        string_agg(
            link_source || ' of ' || published_on || case when is_removal then ' (removed)' else '' end,
            ', ' order by link_source, published_on, is_removal
        ) as listings
    from restated_listing
    group by restatement_id
),

difference as (
    select
        restated.restatement_id,
        restated.has_calls,
        coalesce(ship.ships, 0) as ships,
        coalesce(ship.is_only_link, false) as is_only_link,
        ship.came,
        ship.went,
        coalesce(file_named.inside, file_named.earlier) as late,
        file_named.later,
        coalesce(file_named.gone, 0) > 0 as is_file_gone,
        listing.listings,
        previous_run.code_version || ' to ' || current_run.code_version as versions,
        -- Known where the ships that make the difference and the lists' data on them are recorded;
        -- otherwise any change of a list may be the reason.
        case
            when restated.has_calls and previous_run.register_imports is not null
                then listing.listings is not null
            when previous_run.register_imports is null
                then previous_run.registers_hash <> current_run.registers_hash
            else
                previous_run.register_imports < current_run.register_imports
                or previous_run.bundled_hash <> current_run.bundled_hash
        end as is_listing,
        previous_run.decisions_hash <> current_run.decisions_hash as is_decision,
        previous_run.fences_hash <> current_run.fences_hash as is_fence,
        previous_run.code_version <> current_run.code_version
        or coalesce(previous_run.code_hash <> current_run.code_hash, false) as is_code
    from restated
    left join run as previous_run on restated.old_run_id = previous_run.run_id
    left join run as current_run on restated.run_id = current_run.run_id
    left join file_named
        on
            restated.week = file_named.week
            and restated.old_run_id = file_named.old_run_id
            and restated.run_id = file_named.run_id
    left join ship on restated.restatement_id = ship.restatement_id
    left join listing on restated.restatement_id = listing.restatement_id
),

reason as (
    select
        restatement_id,
        came,
        went,
        late,
        later,
        listings,
        versions,
        is_file_gone,
        late is not null as is_late,
        is_fence,
        is_code,
        -- Where the ships are the same, neither a list nor a decision is the reason.
        is_listing and (ships > 0 or not has_calls) as is_listing,
        is_decision and (ships > 0 or not has_calls) as is_decision,
        -- Every week has files of later days. They may end a call in progress or identify a ship; they
        -- are not given as the reason where a list or a decision changed the link.
        late is null
        and later is not null
        and not (is_only_link and (coalesce(is_listing, false) or coalesce(is_decision, false)))
            as is_later
    from difference
)

select
    restated.restatement_id,
    restated.restated_at,
    restated.run_id,
    restated.week,
    restated.port_id,
    restated.link_tier,
    restated.old_port_calls,
    restated.new_port_calls,
    restated.old_state,
    restated.new_state,
    coalesce(
        nullif(
            concat_ws(
                '; ',
                case when reason.is_late then 'late file' end,
                case when reason.is_later then 'later data' end,
                case when reason.is_file_gone then 'file gone' end,
                case when reason.is_listing then 'new listing' end,
                case when reason.is_decision then 'link decision' end,
                case when reason.is_fence then 'changed fence' end,
                case when reason.is_code then 'code version' end
            ),
            ''
        ),
        'unknown'
    ) as reasons,
    nullif(
        concat_ws(
            '; ',
            case
                when reason.is_late or reason.is_later
                    then
                        array_to_string(coalesce(reason.late, reason.later)[1:3], ', ')
                        || case
                            when len(coalesce(reason.late, reason.later)) > 3
                                then ' and ' || (len(coalesce(reason.late, reason.later)) - 3) || ' more'
                            else ''
                        end
            end,
            case when reason.is_listing then reason.listings end,
            case when reason.is_code then reason.versions end
        ),
        ''
    ) as detail,
    reason.came as calls_came,
    reason.went as calls_went,
    restated.old_run_id,
    restated.number,
    restated.series
from restated
inner join reason on restated.restatement_id = reason.restatement_id
order by restated.restatement_id

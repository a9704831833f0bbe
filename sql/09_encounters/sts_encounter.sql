-- Tankers that lay alongside each other for two hours and more outside berths: transfers of oil, and what looks like them; not counted.
-- Grain: one pair of hulls and such time (sts_id).
-- Key: sts_id.
with ended as (
    select max(last_reported_at) as data_end
    from source_file
    inner join source_terms on source_file.source = source_terms.source
    where coalesce(source_terms.position_accuracy_m, rule('receiver_accuracy_m')) <= rule('sts_accuracy_m')
),

alongside as (
    select
        encounter.*,
        place.sts_area_id,
        area.name as area_name,
        coalesce(area.has_bunkering, false) as has_bunkering,
        place.anchorage,
        place.anchorage_km,
        place.is_by_coast,
        one.before_m as before_a,
        one.after_m as after_a,
        other.before_m as before_b,
        other.after_m as after_b,
        coalesce(link_a.tier_rank, 4) as tier_a,
        coalesce(link_b.tier_rank, 4) as tier_b,
        -- Nobody has heard them part, and a silence of twelve hours is none (sql/09_encounters/encounter_spell.sql).
        encounter.is_last and ended.data_end - encounter.last_at <= interval 12 hour as is_together
    from encounter
    cross join ended
    inner join encounter_place as place on encounter.encounter_id = place.encounter_id
    left join sts_area as area on place.sts_area_id = area.sts_area_id
    left join encounter_draught as one on encounter.encounter_id = one.encounter_id and one.side = 'a'
    left join encounter_draught as other on encounter.encounter_id = other.encounter_id and other.side = 'b'
    left join moment_link as link_a
        on
            encounter.hull_a = link_a.hull_id
            and encounter.tracks_a[1] = link_a.track_id
            and encounter.began_at = link_a.moment_at
    left join moment_link as link_b
        on
            encounter.hull_b = link_b.hull_id
            and encounter.tracks_b[1] = link_b.track_id
            and encounter.began_at = link_b.moment_at
    where
        encounter.is_alongside
        and not encounter.is_one_ship
        and not encounter.is_fast
        and not place.is_in_berth
),

ship as (
    select
        encounter_id,
        began_at,
        last_at,
        unnest([hull_a, hull_b]) as hull_id
    from alongside
),

-- A ship has two sides. With three others at once positions are false: jamming throws many to one place.
crowd as (
    select
        ship.hull_id,
        ship.began_at as crowded_at
    from ship
    inner join ship as other
        on
            ship.hull_id = other.hull_id
            and ship.began_at between other.began_at and other.last_at
    group by ship.hull_id, ship.began_at
    having count(distinct other.encounter_id) >= 3
),

crowded as (
    select distinct ship.encounter_id
    from ship
    inner join crowd
        on ship.hull_id = crowd.hull_id and crowd.crowded_at between ship.began_at and ship.last_at
),

-- Ports of other countries are points without a limit, and have anchorages.
abroad as (
    select
        alongside.encounter_id,
        arg_min(
            port.name, (great_circle_km(alongside.lon, alongside.lat, port.lon, port.lat), port.name)
        ) as port_name
    from alongside
    inner join foreign_port as port
        on great_circle_km(alongside.lon, alongside.lat, port.lon, port.lat) <= rule('sts_off_km')
    group by alongside.encounter_id
),

changed as (
    select
        alongside.*,
        abroad.port_name,
        coalesce(alongside.anchorage_km > rule('sts_off_km'), true)
        and abroad.encounter_id is null
        and not alongside.is_by_coast as is_off_anchorage,
        -- Half a metre, as in encounter_draught.
        case
            when abs(after_a - before_a) >= 0.5 - 1e-6 then sign(after_a - before_a)
            when after_a is not null then 0
        end as change_a,
        case
            when abs(after_b - before_b) >= 0.5 - 1e-6 then sign(after_b - before_b)
            when after_b is not null then 0
        end as change_b
    from alongside
    left join abroad on alongside.encounter_id = abroad.encounter_id
    where alongside.encounter_id not in (select encounter_id from crowded)
),

judged as (
    select
        *,
        coalesce(change_a * change_b = -1, false) as is_opposite,
        -- Bunker tankers are shorter than 120 m, and much shorter than the ships that they supply (general
        -- knowledge, unverified).
        least(length_a, length_b) < 120
        and least(length_a, length_b) <= 0.7 * greatest(length_a, length_b)
        and (has_bunkering or not is_off_anchorage) as is_by_bunkering
    from changed
),

kinded as (
    select
        *,
        case
            when is_opposite then 'sts'
            when coalesce(is_by_bunkering, false) then 'bunkering'
            when is_off_anchorage then 'sts'
            else 'alongside'
        end as kind,
        -- The one that became lighter gave and the other took; of one alone that is as good as known, unless the other
        -- sent that it did not change.
        case
            when change_a = -1 and coalesce(change_b, 1) = 1 then 'a'
            when change_b = -1 and coalesce(change_a, 1) = 1 then 'b'
            when change_a = 1 and change_b is null then 'b'
            when change_b = 1 and change_a is null then 'a'
        end as giver
    from judged
)

select
    kinded.encounter_id as sts_id,
    strftime(kinded.began_at, '%G-W%V') as week,
    kinded.kind,
    kinded.began_at,
    case when not kinded.is_together then kinded.last_at end as ended_at,
    kinded.hours::float as hours,
    kinded.hull_a as hull_id_a,
    kinded.mmsi_a,
    one.imo as imo_a,
    one.vessel_name as vessel_name_a,
    kinded.hull_b as hull_id_b,
    kinded.mmsi_b,
    other.imo as imo_b,
    other.vessel_name as vessel_name_b,
    case kinded.giver when 'a' then kinded.hull_a when 'b' then kinded.hull_b end as giver_hull_id,
    case kinded.giver when 'a' then kinded.hull_b when 'b' then kinded.hull_a end as receiver_hull_id,
    round(kinded.lon, 5) as lon,
    round(kinded.lat, 5) as lat,
    kinded.closest_m,
    kinded.apart_m::integer as apart_m,
    kinded.sts_area_id,
    round(kinded.anchorage_km, 1)::float as anchorage_km,
    kinded.before_a::float as draught_before_a_m,
    kinded.after_a::float as draught_after_a_m,
    kinded.before_b::float as draught_before_b_m,
    kinded.after_b::float as draught_after_b_m,
    case kinded.tier_a when 1 then 'strong' when 2 then 'moderate' when 3 then 'weak' else 'none' end
        as link_tier_a,
    case kinded.tier_b when 1 then 'strong' when 2 then 'moderate' when 3 then 'weak' else 'none' end
        as link_tier_b,
    concat_ws(
        '; ',
        printf(
            '%s %.0f to %.0f m apart for %.0f h, of which %.0f h heard',
            case when kinded.is_together then 'still' else 'lay' end,
            kinded.near_m::double,
            10 + kinded.far_m::double,
            kinded.hours,
            kinded.heard_h
        ),
        case
            when kinded.with_heading >= 3
                then printf(
                'keels parallel in %.0f %% of the time with headings',
                100 * kinded.parallel / kinded.with_heading
            )
        end,
        case
            when kinded.before_a is not null and kinded.after_a is not null
                then printf('draught of the first %.1f -> %.1f m', kinded.before_a, kinded.after_a)
        end,
        case
            when kinded.before_b is not null and kinded.after_b is not null
                then printf('draught of the second %.1f -> %.1f m', kinded.before_b, kinded.after_b)
        end,
        case
            when kinded.is_opposite then 'one became lighter and the other deeper'
            when kinded.giver is not null then 'only one of both draughts tells who gave'
        end,
        'in an area known for transfers: ' || kinded.area_name,
        case
            when kinded.is_off_anchorage
                then printf('no known anchorage within %.0f km', rule('sts_off_km')::double)
            when kinded.anchorage_km <= rule('sts_off_km')
                then case when kinded.anchorage_km > 0 then printf('%.0f km off ', kinded.anchorage_km) else 'in ' end
                || 'the anchorage or berth ' || kinded.anchorage
            when kinded.port_name is not null
                then printf('within %.0f km of %s', rule('sts_off_km')::double, kinded.port_name)
            else 'near the coast, where ports and anchorages are that are not known here'
        end,
        case
            when kinded.kind = 'bunkering' then printf(
                'lengths of %.0f and %.0f m: bunkers, not cargo',
                kinded.length_a::double,
                kinded.length_b::double
            )
            when kinded.kind = 'alongside' then 'stores, bunkers or a transfer'
        end
    ) as reasons
from kinded
inner join hull as one on kinded.hull_a = one.hull_id
inner join hull as other on kinded.hull_b = other.hull_id
order by kinded.began_at, sts_id

-- Identity conflicts of a ship, and the hulls in registers that it may be.
-- Grain: one conflict or candidate. Parameters: $hull_id, $imo.
with transmitter as (
    select distinct mmsi
    from vessel
    where hull_id = $hull_id and source = 'AIS'
),

finding as (
    select
        conflict as kind,
        mmsi,
        imo,
        detail,
        valid_from,
        valid_to
    from vessel_conflict
    where imo = $imo or mmsi in (select mmsi from transmitter)
    union all
    select
        'candidate' as kind,
        mmsi,
        register_imo as imo,
        'may be ' || string_agg(distinct register_name, ' or ' order by register_name)
        || ' of ' || string_agg(distinct reference, '; ' order by reference)
        || ', met by ' || string_agg(distinct met_by, ' and ' order by met_by)
        || coalesce(', decided: ' || any_value(decision), '') as detail,
        min(first_at) as valid_from,
        max(last_at) as valid_to
    from link_candidate
    where mmsi in (select mmsi from transmitter) or register_imo = $imo
    group by mmsi, register_imo
)

select
    kind,
    mmsi,
    imo,
    detail,
    valid_from,
    valid_to
from finding
order by valid_from, kind, mmsi, imo, detail

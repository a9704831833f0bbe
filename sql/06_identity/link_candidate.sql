-- Ships that may be on a list about Russia, by name and size or by an IMO number that was not accepted: for a manual decision.
-- Grain: one transmitter, hull of a register and way in which they met.
with wanted as (
    select distinct
        imo,
        register,
        reference,
        unnest(list_prepend(vessel_name, former_names)) as vessel_name
    from register_entry
    where country = 'RU' and link_tier is not null and imo is not null
),

-- Letters and digits only: lists and crews differ in spaces, dots and dashes.
wanted_name as (
    select
        imo,
        register,
        reference,
        vessel_name,
        regexp_replace(upper(vessel_name), '[^A-Z0-9]', '', 'g') as plain_name
    from wanted
),

heard_name as (
    select distinct vessel_name from hull_spell
),

meant_name as (
    select distinct heard_name.vessel_name
    from heard_name
    inner join wanted_name as wanted
        on regexp_replace(upper(heard_name.vessel_name), '[^A-Z0-9]', '', 'g') = wanted.plain_name
),

-- Transmitters without an accepted IMO number, or with one by manual decision. Only those that
-- can match a list: all ships of a year do not fit into memory.
heard as (
    select
        hull_spell.track_id,
        hull_spell.mmsi,
        hull_spell.vessel_name,
        hull_spell.claimed_imo,
        hull.is_tanker,
        mode(hull_spell.length_m order by hull_spell.length_m) as length_m,
        min(hull_spell.first_at) as first_at,
        max(hull_spell.last_at) as last_at,
        regexp_replace(upper(hull_spell.vessel_name), '[^A-Z0-9]', '', 'g') as plain_name
    from hull_spell
    inner join hull on hull_spell.hull_id = hull.hull_id
    where
        (hull_spell.imo is null or hull_spell.imo_by = 'decision')
        and (
            hull_spell.vessel_name in (select vessel_name from meant_name)
            or hull_spell.claimed_imo in (select imo from wanted)
        )
    group by
        hull_spell.track_id,
        hull_spell.mmsi,
        hull_spell.vessel_name,
        hull_spell.claimed_imo,
        hull.is_tanker
),

met as (
    -- Names of one or two letters match too much; a ship of another AIS type is hardly the one.
    select
        'name' as met_by,
        heard.*,
        wanted.imo as register_imo,
        wanted.register,
        wanted.reference,
        wanted.vessel_name as register_name
    from heard
    inner join wanted_name as wanted on heard.plain_name = wanted.plain_name
    where length(heard.plain_name) >= 3 and heard.is_tanker is distinct from false
    union all
    select
        'imo' as met_by,
        heard.*,
        wanted.imo as register_imo,
        wanted.register,
        wanted.reference,
        any_value(wanted.vessel_name order by wanted.vessel_name) as register_name
    from heard
    inner join wanted_name as wanted on heard.claimed_imo = wanted.imo
    group by all
),

sized as (
    select
        met.*,
        register_length(ship.length_m, ship.gross_t, ship.deadweight_t)::float as register_length_m
    from met
    left join register_ship as ship on met.register_imo = ship.imo
),

decided as (
    select
        mmsi,
        imo,
        arg_max(decision, line) as decision
    from link_decision
    group by mmsi, imo
)

select
    sized.mmsi,
    sized.vessel_name,
    sized.claimed_imo,
    sized.length_m,
    sized.first_at,
    sized.last_at,
    sized.met_by,
    sized.register_imo,
    sized.register_name,
    sized.register,
    sized.reference,
    sized.register_length_m,
    -- Close to the register's length, or to one estimated from its tonnage. Null: unknown.
    abs(sized.length_m - sized.register_length_m) <= rule('length_error_share')::float * sized.register_length_m
        as is_size_equal,
    decided.decision
from sized
left join decided on sized.mmsi = decided.mmsi and sized.register_imo = decided.imo
where
    sized.met_by = 'imo'
    or coalesce(
        abs(sized.length_m - sized.register_length_m) <= rule('length_error_share')::float * sized.register_length_m, true
    )
order by
    sized.mmsi,
    sized.register_imo,
    sized.register,
    sized.reference,
    sized.met_by,
    sized.vessel_name,
    sized.claimed_imo,
    sized.register_name,
    sized.first_at,
    sized.last_at,
    sized.length_m

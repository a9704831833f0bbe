-- The entries of a list in the table staged, each once: a list that repeats a ship does not list it twice.
-- Grain: one entry.
-- There may be a million: a part holds whole hulls, and so all that repeat an entry.
with named as (
    select
        *,
        -- The identity of a hull within its register.
        case
            when imo is not null then concat('IMO ', imo)
            when len(mmsis) > 0 then concat('MMSI ', mmsis[1])
            else coalesce(vessel_name, '?')
        end as hull
    from staged
),

once as (
    select
        * exclude (line, place),
        arg_min(line, place) as line,
        min(place) as place
    from named
    where hash(hull) % $parts = $part
    group by all
)

select
    once.register,
    once.link_source,
    once.reference,
    once.programme,
    once.imo,
    once.mmsis,
    once.vessel_name,
    once.former_names,
    once.call_sign,
    once.flag,
    once.vessel_type,
    once.deadweight_t,
    once.gross_t,
    once.length_m,
    once.built_year,
    once.listed_on,
    once.delisted_on,
    once.link_tier,
    once.link_reason,
    once.valid_from,
    once.valid_to,
    once.ground,
    once.line,
    once.is_delisted,
    once.hull,
    once.place,
    -- The list gives the meaning itself, as a team's own does, or that of its programme is known.
    once.link_reason is not null or tag.is_known as is_known,
    -- Standing evidence of a link to Russia, of any strength.
    not once.is_delisted and (once.link_tier is not null or tag.is_linked) as is_linked
from once
inner join tag on once.programme is not distinct from tag.programme
order by once.place

-- What each ship carries, as the column cargo of the relation series names it.
-- Grain: one ship that carries any of it (hull_id).
select
    hull.hull_id,
    case
        when hull.is_tanker then 'tanker'
        -- A register wins over AIS, whose types 70 to 79 are cargo ships (ITU-R M.1371-5, table 53). AIS
        -- has no type for ro-ro.
        when
            not hull.is_too_small
            and coalesce(register_ship.is_dry_cargo, hull.ship_type between 70 and 79)
            then 'dry cargo'
    end as cargo
from hull
left join register_ship on hull.imo = register_ship.imo
where cargo is not null
order by hull.hull_id

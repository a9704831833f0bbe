-- Slots of 6 hours in which interference made the positions around a port unusable.
-- Grain: one port and slot of 6 hours.
with displaced as (
    select
        cell.port_id,
        slot_of(flag.reported_at) as slot_at,
        count(distinct flag.mmsi) as vessels
    from flagged_position as flag
    inner join surrounding_cell as cell
        on
            floor(flag.lon * getvariable('near').cells_per_degree)::integer = cell.cell_x
            and floor(flag.lat * getvariable('near').cells_per_degree)::integer = cell.cell_y
    where flag.verdict = 'implausible'
    group by all
),

shown as (
    select
        port_id,
        slot_at,
        count(distinct mmsi) as vessels
    from heard
    semi join displaced using (port_id, slot_at)
    group by port_id, slot_at
)

select
    displaced.port_id,
    displaced.slot_at,
    displaced.vessels as displaced_vessels,
    shown.vessels
from displaced
inner join shown on displaced.port_id = shown.port_id and displaced.slot_at = shown.slot_at
-- No credible ship, or at least the three ships of an event (geo/interference.py) and half of all. With
-- a third of the ship-days jammed, 0.987 of the calls are still found (tests/measure/evaluation/RESULTS.md);
-- half was not measured. One ship in error out of two is not interference.
where
    displaced.vessels = shown.vessels
    or (displaced.vessels >= rule('interference_ships') and 2 * displaced.vessels >= shown.vessels)
order by displaced.port_id, displaced.slot_at

-- The quarters of a day in which interference made of what was shown around a port nothing to go by.
-- Grain: one port and slot of 6 hours.
with shown as (
    select
        port_id,
        slot_at,
        count(distinct mmsi) as vessels
    from heard_ship_slot
    group by port_id, slot_at
),

not_there as (
    select
        cell.port_id,
        time_bucket(interval 6 hour, flag.reported_at, timestamp '2000-01-03') as slot_at,
        count(distinct flag.mmsi) as vessels
    from flagged_position as flag
    inner join surrounding_cell as cell
        on
            floor(flag.lon * getvariable('near').cells_per_degree)::integer = cell.cell_x
            and floor(flag.lat * getvariable('near').cells_per_degree)::integer = cell.cell_y
    where flag.verdict = 'implausible'
    group by all
)

select
    not_there.port_id,
    not_there.slot_at,
    not_there.vessels as displaced_vessels,
    shown.vessels
from not_there
inner join shown on not_there.port_id = shown.port_id and not_there.slot_at = shown.slot_at
-- Nobody credible, or an event's three ships (geo/interference.py) that are half of all: with a third
-- of the ship-days jammed 0.987 of the calls are still found (tests/measure/evaluation/RESULTS.md), with
-- half of what is shown false that was not measured. One mistaken ship of two is no interference.
where
    not_there.vessels = shown.vessels
    or (not_there.vessels >= 3 and 2 * not_there.vessels >= shown.vessels)
order by not_there.port_id, not_there.slot_at

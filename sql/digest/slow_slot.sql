-- The boxes in which ships that may be tankers lay slowly, in slots of 6 hours.
-- Grain: one source, MMSI, slot of 6 hours and cell of 0.02 degrees.
-- By type, cargo ships and tankers (70 to 89), other types (90 to 99) and those that send none: a tanker may
-- send a wrong type, but fishing boats, tugs and yachts are most of the ships that lie still.
with maybe_tanker as (
    select mmsi
    from new_static_report
    group by mmsi
    having coalesce(max(ship_type), 99) >= 70
)

select
    fix.source,
    fix.mmsi,
    slot_of(fix.reported_at) as slot_at,
    floor(fix.lon * 50)::integer as cell_x,
    floor(fix.lat * 50)::integer as cell_y,
    min(fix.lon) as west,
    max(fix.lon) as east,
    min(fix.lat) as south,
    max(fix.lat) as north
from new_position as fix
where
    coalesce(fix.sog_kn, 0) < rule('sts_speed_kn')
    and fix.mmsi in (select mmsi from maybe_tanker)
group by all
order by fix.source, fix.mmsi, slot_at, cell_x, cell_y

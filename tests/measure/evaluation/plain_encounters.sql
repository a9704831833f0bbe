-- Encounters by the measure alone, as one would write it: two tankers within 500 m at less than 2 knots for two hours, 10 km off known ports and anchorages.
-- Grain: one pair of tankers and such time.
-- The measure of Miller et al. 2018 (Frontiers in Marine Science 5, 240). Places at each full ten minutes, on straight
-- lines between fixes at most four hours apart, as for sts_encounter.
with tanker as (
    select mmsi
    from position
    where ship_type between 80 and 89
    group by mmsi
),

step as (
    select
        mmsi,
        reported_at,
        lon,
        lat,
        lead(reported_at) over onward as next_at,
        lead(lon) over onward as next_lon,
        lead(lat) over onward as next_lat
    from position
    where mmsi in (select mmsi from tanker)
    window onward as (partition by mmsi order by reported_at, lon, lat)
),

moment as (
    select
        *,
        unnest(range(
            epoch_us(reported_at) // 600000000 + 1, epoch_us(next_at) // 600000000 + 1
        )) as slot
    from step
    where next_at - reported_at <= interval 4 hour
),

shared as (
    select
        *,
        (slot * 600000000 - epoch_us(reported_at)) / epoch_us(next_at - reported_at) as share
    from moment
    where next_at > reported_at
),

placed as (
    select
        mmsi,
        slot,
        lon + share * (next_lon - lon) as lon,
        lat + share * (next_lat - lat) as lat,
        great_circle_km(lon, lat, next_lon, next_lat) / 1.852
        / (epoch_us(next_at - reported_at) / 3.6e9) as speed_kn
    from shared
),

slow as (
    select
        *,
        floor(lon * 50)::integer as cell_x,
        floor(lat * 50)::integer as cell_y
    from placed
    where speed_kn < 2
),

near as (
    select
        mmsi,
        slot,
        lon,
        lat,
        cell_x + unnest([-1, 0, 1]) as cell_x,
        cell_y
    from slow
),

around as (
    select
        mmsi,
        slot,
        lon,
        lat,
        cell_x,
        cell_y + unnest([-1, 0, 1]) as cell_y
    from near
),

beside as (
    select
        one.mmsi as mmsi_a,
        other.mmsi as mmsi_b,
        one.slot,
        one.lon,
        one.lat
    from around as one
    inner join slow as other
        on
            one.slot = other.slot
            and one.cell_x = other.cell_x
            and one.cell_y = other.cell_y
            and one.mmsi < other.mmsi
    where great_circle_km(one.lon, one.lat, other.lon, other.lat) <= 0.5
),

compared as (
    select
        *,
        coalesce(
            slot - lag(slot) over (partition by mmsi_a, mmsi_b order by slot) > 3, true
        ) as is_new
    from beside
),

numbered as (
    select
        *,
        count(*) filter (where is_new) over (
            partition by mmsi_a, mmsi_b order by slot
        ) as spell
    from compared
),

spell as (
    select
        mmsi_a,
        mmsi_b,
        min(slot) as from_slot,
        max(slot) as to_slot,
        arg_min(lon, slot) as lon,
        arg_min(lat, slot) as lat
    from numbered
    group by mmsi_a, mmsi_b, spell
    having max(slot) - min(slot) >= 12
),

known as (
    select lon, lat from port_area where kind in ('berth', 'anchorage')
    union all
    select lon, lat from port
    union all
    select lon, lat from sts_area where kind = 'anchorage'
)

select
    'sts' as kind,
    spell.mmsi_a,
    spell.mmsi_b,
    epoch(make_timestamp(spell.from_slot * 600000000) - timestamp '2026-03-02') as began_s,
    epoch(make_timestamp(spell.to_slot * 600000000) - timestamp '2026-03-02') as ended_s,
    0 as giver,
    '' as reasons
from spell
where not exists (
    select 1
    from known
    where great_circle_km(spell.lon, spell.lat, known.lon, known.lat) <= 10
)
order by spell.from_slot, spell.mmsi_a, spell.mmsi_b

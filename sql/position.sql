-- Every kept AIS fix of the lake.
-- Grain: one fix (mmsi, reported_at, lon, lat). Inputs: the Parquet files that the manifest names ($parts).
select
    mmsi,
    reported_at,
    lon,
    lat,
    sog_kn,
    cog_deg,
    heading_deg,
    nav_status,
    imo,
    vessel_name,
    call_sign,
    ship_type,
    length_m,
    beam_m,
    draught_m,
    destination,
    source,
    file_id
from read_parquet($parts, hive_partitioning = true, hive_types_autocast = false)

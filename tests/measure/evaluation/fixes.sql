-- The fixes of a simulation's day files, for the detectors that do not read and judge files themselves.
-- Grain: one fix (mmsi, reported_at, lon, lat), each once, broken rows left out. Parameters: $files, $until.
-- Codes for "not available" need no care here: the simulator writes its unknown speeds as empty.
with line as (
    select *
    from read_csv(
        $files,
        header = true,
        auto_detect = false,
        delim = ',',
        quote = '"',
        ignore_errors = true,
        columns = {
            'mmsi': 'varchar',
            'reported_at': 'varchar',
            'lon': 'varchar',
            'lat': 'varchar',
            'sog_kn': 'varchar',
            'cog': 'varchar',
            'heading': 'varchar',
            'vessel_name': 'varchar',
            'imo': 'varchar',
            'call_sign': 'varchar',
            'vessel_type': 'varchar',
            'status': 'varchar',
            'length': 'varchar',
            'width': 'varchar',
            'draft': 'varchar',
            'cargo': 'varchar',
            'transceiver': 'varchar'
        }
    )
)

select
    mmsi::integer as mmsi,
    try_cast(reported_at as timestamp) as reported_at,
    try_cast(lon as double) as lon,
    try_cast(lat as double) as lat,
    min(try_cast(sog_kn as float)) as sog_kn
from line
where
    regexp_full_match(mmsi, '[2-7][0-9]{8}')
    and try_cast(reported_at as timestamp) < $until
    and abs(try_cast(lon as double)) <= 180
    and abs(try_cast(lat as double)) <= 90
group by all
order by reported_at, mmsi, lon, lat

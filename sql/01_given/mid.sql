-- The Maritime Identification Digits (ITU), the first three digits of a ship's MMSI, and their flags.
-- Grain: one mid.
select
    mid,
    country_code,
    country_name
from read_csv(
    getvariable('data') || '/codes/mid.csv',
    header = true,
    auto_detect = false,
    columns = {
        mid: 'smallint',
        country_code: 'varchar',
        country_name: 'varchar'
    }
)
order by mid

-- Ports of other countries around the Gulf and the Gulf of Oman, as points.
-- Grain: one port.
select
    name,
    lon,
    lat
from read_csv(
    getvariable('data') || '/ports/foreign.csv',
    header = true,
    auto_detect = false,
    columns = {
        name: 'varchar',
        country: 'varchar',
        lat: 'double',
        lon: 'double',
        source: 'varchar'
    }
)
order by name

-- Density of the sea water of each coast.
-- Grain: one water, as in port.
select
    water,
    density_t_m3,
    source
from read_csv(
    getvariable('data') || '/curves/water_density.csv',
    header = true,
    auto_detect = false,
    columns = {
        water: 'varchar',
        density_t_m3: 'double',
        source: 'varchar'
    }
)
order by water

-- Density of the oil that each Iranian port handles.
-- Grain: one port.
select
    port_id,
    oil,
    density_t_m3,
    source
from read_csv(
    getvariable('data') || '/ports/oil_density.csv',
    header = true,
    auto_detect = false,
    columns = {
        port_id: 'varchar',
        oil: 'varchar',
        density_t_m3: 'double',
        source: 'varchar'
    }
)
order by port_id

-- Whether tankers load or discharge at the berths of each Iranian port, and how heavy the oil is.
-- Grain: one port.
select
    port_id,
    terminal_trade,
    cargo,
    source,
    remarks,
    oil,
    density_t_m3,
    density_source
from read_csv(
    getvariable('data') || '/ports/terminal_trade.csv',
    header = true,
    auto_detect = false,
    columns = {
        port_id: 'varchar',
        terminal_trade: 'varchar',
        cargo: 'varchar',
        source: 'varchar',
        remarks: 'varchar',
        oil: 'varchar',
        density_t_m3: 'double',
        density_source: 'varchar'
    }
)
order by port_id

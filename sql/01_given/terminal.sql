-- Whether tankers load or discharge at the berths of each Iranian port.
-- Grain: one port.
select
    port_id,
    terminal_trade,
    cargo,
    source,
    remarks
from read_csv(
    getvariable('data') || '/ports/terminal_trade.csv',
    header = true,
    auto_detect = false,
    columns = {
        port_id: 'varchar',
        terminal_trade: 'varchar',
        cargo: 'varchar',
        source: 'varchar',
        remarks: 'varchar'
    }
)
order by port_id

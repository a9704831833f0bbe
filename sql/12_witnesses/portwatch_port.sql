-- Which of our ports a port of PortWatch is.
-- Grain: one port of PortWatch.
select
    portid,
    port_id,
    source
from read_csv(
    getvariable('data') || '/witnesses/portwatch.csv',
    header = true,
    auto_detect = false,
    columns = {portid: 'varchar', port_id: 'varchar', source: 'varchar'}
)
order by portid

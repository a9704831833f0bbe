-- The weekly series, and which ships and ports each counts.
-- Grain: one series.
-- Key: series.
select
    series,
    title,
    cargo,
    ports
from read_csv(
    getvariable('data') || '/codes/series.csv',
    header = true,
    auto_detect = false,
    columns = {
        series: 'varchar',
        title: 'varchar',
        cargo: 'varchar',
        ports: 'varchar'
    }
)
order by series

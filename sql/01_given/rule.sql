-- The numbers that the method rests on, each with its unit and source.
-- Grain: one number.
select
    name,
    "value",
    unit,
    source
from read_csv(
    getvariable('data') || '/rules.csv',
    header = true,
    auto_detect = false,
    columns = {
        name: 'varchar',
        "value": 'double',
        unit: 'varchar',
        source: 'varchar'
    }
)
order by name

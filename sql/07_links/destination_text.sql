-- Spellings of Russian ports in AIS destinations.
-- Grain: one text. port_id is null for the country as a whole.
select
    port_id,
    name,
    text
from read_csv(
    getvariable('data') || '/codes/russian_destination.csv',
    header = true,
    auto_detect = false,
    columns = {
        port_id: 'varchar',
        name: 'varchar',
        pattern_kind: 'varchar',
        text: 'varchar'
    }
)
order by text, port_id

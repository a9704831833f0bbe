-- The boxes on either side of the Danish straits.
-- Grain: one strait and side.
select
    strait,
    side,
    west,
    south,
    east,
    north
from read_csv(
    getvariable('data') || '/straits/danish.csv',
    header = true,
    auto_detect = false,
    columns = {
        strait: 'varchar',
        side: 'varchar',
        west: 'double',
        south: 'double',
        east: 'double',
        north: 'double',
        source: 'varchar'
    }
)
order by strait, side

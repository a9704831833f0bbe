-- Block coefficient, deadweight, ballast, stores and tanks of each class of tankers, with their spreads.
-- Grain: one class.
select
    class,
    block_coefficient,
    block_spread,
    deadweight_ratio,
    lightship_spread,
    ballast_ratio,
    ballast_spread,
    stores_share,
    tank_m3_t,
    source
from read_csv(
    getvariable('data') || '/curves/hull_form.csv',
    header = true,
    auto_detect = false,
    columns = {
        class: 'varchar',
        block_coefficient: 'double',
        block_spread: 'double',
        deadweight_ratio: 'double',
        lightship_spread: 'double',
        ballast_ratio: 'double',
        ballast_spread: 'double',
        stores_share: 'double',
        tank_m3_t: 'double',
        source: 'varchar'
    }
)
order by class

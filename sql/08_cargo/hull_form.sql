-- Block coefficient, deadweight, ballast and stores of each class of tankers, with their spreads.
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
        source: 'varchar'
    }
)
order by class

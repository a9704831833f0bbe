-- Laden, partly laden and design draught of each class of tankers by deadweight.
-- Grain: one class.
select
    class,
    kind,
    from_t,
    reference_t,
    slope,
    laden_m,
    laden_spread,
    part_ratio,
    part_spread,
    part_share,
    design_m,
    departures,
    ships,
    source
from read_csv(
    getvariable('data') || '/curves/laden_draught.csv',
    header = true,
    auto_detect = false,
    columns = {
        class: 'varchar',
        kind: 'varchar',
        from_t: 'integer',
        reference_t: 'integer',
        slope: 'double',
        laden_m: 'double',
        laden_spread: 'double',
        part_ratio: 'double',
        part_spread: 'double',
        part_share: 'double',
        design_m: 'double',
        departures: 'integer',
        ships: 'integer',
        source: 'varchar'
    }
)
order by class

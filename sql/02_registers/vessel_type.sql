-- The terms that registers use for a ship's type.
-- Grain: one term, in capitals. tanker_kind is null for other ships and where the term does not give it.
select
    vessel_type,
    is_tanker,
    tanker_kind,
    is_dry_cargo
from read_csv(
    getvariable('data') || '/codes/vessel_type.csv',
    header = true,
    auto_detect = false,
    columns = {
        vessel_type: 'varchar',
        is_tanker: 'boolean',
        tanker_kind: 'varchar',
        is_dry_cargo: 'boolean'
    }
)
order by vessel_type

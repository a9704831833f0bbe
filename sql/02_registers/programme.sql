-- What a tag of a register means: which country it is about, and what it proves about Russia.
-- Grain: one register and tag; a tag with is_prefix stands for all that begin so.
select
    register,
    rtrim(programme, '*') as programme,
    programme like '%*' as is_prefix,
    country,
    link_tier,
    link_reason,
    link_source,
    title,
    source
from read_csv(
    getvariable('data') || '/registers/programmes.csv',
    header = true,
    auto_detect = false,
    columns = {
        register: 'varchar',
        programme: 'varchar',
        country: 'varchar',
        link_tier: 'varchar',
        link_reason: 'varchar',
        link_source: 'varchar',
        title: 'varchar',
        source: 'varchar'
    }
)
order by register, programme

-- Meaning of the programme tags of the registers: the country concerned, and the strength as evidence of a link to Russia.
-- Grain: one register and tag; a tag with is_prefix applies to all tags with that prefix.
select
    register,
    rtrim(programme, '*') as programme,
    programme like '%*' as is_prefix,
    country,
    link_tier,
    link_reason,
    link_source,
    title,
    source,
    act_url
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
        source: 'varchar',
        act_url: 'varchar'
    }
)
order by register, programme

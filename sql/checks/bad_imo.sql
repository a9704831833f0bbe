-- IMO numbers that are none: not seven digits, or with a wrong check digit.
-- Grain: one relation and number.
with known as (
    select distinct
        'position' as relation,
        imo
    from position
    where imo is not null
    union all
    select distinct
        'vessel' as relation,
        imo
    from vessel
    where imo is not null
    union all
    select distinct
        'vessel_link' as relation,
        imo
    from vessel_link
    where imo is not null
    union all
    select distinct
        'port_call' as relation,
        imo
    from port_call
    where imo is not null
)

select
    relation,
    imo
from known
where
    imo not between 1000000 and 9999999
    -- IMO Res. A.1117(30): the last digit is that of the sum of the first six times 7, 6, 5, 4, 3, 2.
    or (
        imo // 1000000 % 10 * 7
        + imo // 100000 % 10 * 6
        + imo // 10000 % 10 * 5
        + imo // 1000 % 10 * 4
        + imo // 100 % 10 * 3
        + imo // 10 % 10 * 2
    ) % 10 <> imo % 10
order by relation, imo

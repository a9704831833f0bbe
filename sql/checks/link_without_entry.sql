-- Evidence by a register that no entry about Russia bears out, and such entries that are no evidence.
-- Grain: one hull, programme and reference at fault.
with link as (
    select distinct
        imo,
        link_source,
        reference,
        programme,
        link_reason
    from vessel_link
    where matched_by = 'imo' and link_source not in ('AIS', 'MMSI')
),

entry as (
    select distinct
        imo,
        link_source,
        reference,
        programme,
        link_reason
    from register_entry
    where
        country = 'RU'
        and link_tier is not null
        and link_reason <> 'scrapped'
        and imo is not null
        -- An entry that ends before it begins is no evidence at any time.
        and coalesce(valid_from, '-infinity'::timestamp)
        < least(delisted_on::timestamp, gone_by::timestamp, valid_to, 'infinity'::timestamp)
)

select
    coalesce(link.imo, entry.imo) as imo,
    coalesce(link.link_source, entry.link_source) as link_source,
    coalesce(link.reference, entry.reference) as reference,
    coalesce(link.programme, entry.programme) as programme
from link
full join entry
    on
        link.imo = entry.imo
        and link.link_source = entry.link_source
        and link.reference = entry.reference
        and link.programme is not distinct from entry.programme
        and link.link_reason = entry.link_reason
where link.imo is null or entry.imo is null
order by coalesce(link.imo, entry.imo), coalesce(link.reference, entry.reference), coalesce(link.programme, entry.programme)

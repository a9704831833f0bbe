-- Which kinds of evidence the data can give at all: what nothing gives cannot be counted as zero.
-- Grain: one row. Inputs: vessel_link, observed_hour, port, register_entry.
select
    -- No register that names owners, no zero of owners.
    exists (from vessel_link where link_reason = 'owner') as has_owner,
    -- A team's list may give trade; else a source must hear a Russian oil port.
    exists (from vessel_link where link_reason = 'trade' and link_tier <> 'weak')
    or exists (
        from observed_hour
        inner join port on observed_hour.port_id = port.port_id
        where port.trade_tier is not null
    ) as has_trade,
    exists (from register_entry where country = 'IR' and imo is not null) as has_iran_list

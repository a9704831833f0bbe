-- Decisions by people on whether a transmitter belongs to a hull, which override the transmitted IMO number, or whether a hull of a switch list counts.
-- Grain: one row of link_decisions.csv in the home.
with record as (
    select
        number,
        unnest(json_transform(record, '{
            "mmsi": "integer",
            "imo": "integer",
            "decision": "varchar",
            "valid_from": "date",
            "valid_to": "date",
            "decided_by": "varchar",
            "decided_on": "date",
            "why": "varchar"
        }'))
    from given
    where kind = 'link_decision'
)

select
    record.number as line,
    record.mmsi,
    record.imo,
    record.decision,
    record.valid_from::timestamp as valid_from,
    -- valid_to in the file is a day, inclusive.
    end_after(record.valid_to) as valid_to,
    record.decided_by,
    record.decided_on,
    record.why
from record
cross join clock
where record.decided_on is null or record.decided_on <= clock.known_on
order by record.number

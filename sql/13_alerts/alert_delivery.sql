-- Log of the alerts sent: services and results, a record before and after each attempt.
-- Grain: one record (delivery_id).
-- Key: delivery_id.
with record as (
    select
        number,
        unnest(json_transform(record, '{
            "service": "varchar",
            "state": "varchar",
            "at": "timestamp",
            "alerts": ["varchar"],
            "error": "varchar"
        }'))
    from given
    where kind = 'alert'
)

select
    number as delivery_id,
    service,
    state,
    "at" as recorded_at,
    alerts as alert_ids,
    error
from record
order by delivery_id

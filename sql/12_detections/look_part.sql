-- The passes over and detections at each Iranian port, by look: one crossing of a sensor over one port.
-- Grain: one pass and port, or one detection inside a port limit.
-- A gap of ten minutes ends a look, a choice: a satellite crosses a port in seconds, its images of one
-- strip are made within minutes, and it is back after an orbit of 98 minutes at the earliest.
with detection as (
    select
        event.witness_event_id,
        event.sensor,
        event.port_id,
        event.began_at,
        event.ended_at
    from witness_event as event
    inner join port on event.port_id = port.port_id
    where event.kind = 'detection' and event.area_kind is not null and port.country = 'IR'
),

covering as (
    select
        pass_id,
        sensor,
        began_at,
        ended_at,
        unnest(port_ids) as port_id
    from sensor_pass
),

pass_at_port as (
    select covering.*
    from covering
    inner join port on covering.port_id = port.port_id
    where port.country = 'IR'
),

compared_pass as (
    select
        *,
        coalesce(
            began_at - lag(began_at) over (partition by sensor, port_id order by began_at, pass_id)
            > interval 10 minute,
            true
        ) as is_new
    from pass_at_port
),

numbered_pass as (
    select
        *,
        count(*) filter (where is_new) over (
            partition by sensor, port_id order by began_at, pass_id
            rows between unbounded preceding and current row
        ) as number
    from compared_pass
),

pass_span as (
    select
        sensor,
        port_id,
        number,
        min(began_at) as began_at,
        max(ended_at) as ended_at
    from numbered_pass
    group by sensor, port_id, number
),

-- A detection belongs to the nearest pass in time, if one lies within ten minutes of it.
of_pass as (
    select
        detection.witness_event_id,
        pass_span.number
    from detection
    inner join pass_span
        on
            detection.sensor = pass_span.sensor
            and detection.port_id = pass_span.port_id
            and detection.began_at <= pass_span.ended_at + interval 10 minute
            and detection.ended_at >= pass_span.began_at - interval 10 minute
    qualify row_number() over (
        partition by detection.witness_event_id
        order by
            greatest(
                epoch_us(detection.began_at - pass_span.ended_at),
                epoch_us(pass_span.began_at - detection.ended_at),
                0
            ),
            pass_span.number
    ) = 1
),

-- The others make looks of their own, of which no pass is known.
compared as (
    select
        detection.*,
        coalesce(
            began_at - lag(began_at) over (
                partition by sensor, port_id order by began_at, witness_event_id
            ) > interval 10 minute,
            true
        ) as is_new
    from detection
    anti join of_pass on detection.witness_event_id = of_pass.witness_event_id
),

numbered as (
    select
        *,
        count(*) filter (where is_new) over (
            partition by sensor, port_id order by began_at, witness_event_id
            rows between unbounded preceding and current row
        ) as number
    from compared
),

part as (
    select
        pass_id,
        null as witness_event_id,
        sensor,
        port_id,
        true as has_pass,
        number,
        began_at,
        ended_at
    from numbered_pass
    union all
    -- Of an hour in which the pass is known, the time of the pass.
    select
        null as pass_id,
        detection.witness_event_id,
        detection.sensor,
        detection.port_id,
        true as has_pass,
        pass_span.number,
        case
            when detection.ended_at > detection.began_at
                then greatest(detection.began_at, pass_span.began_at)
            else detection.began_at
        end as began_at,
        case
            when detection.ended_at > detection.began_at
                then greatest(detection.began_at, least(detection.ended_at, pass_span.ended_at))
            else detection.ended_at
        end as ended_at
    from detection
    inner join of_pass on detection.witness_event_id = of_pass.witness_event_id
    inner join pass_span
        on
            detection.sensor = pass_span.sensor
            and detection.port_id = pass_span.port_id
            and of_pass.number = pass_span.number
    union all
    select
        null as pass_id,
        witness_event_id,
        sensor,
        port_id,
        false as has_pass,
        number,
        began_at,
        ended_at
    from numbered
)

select
    left(
        md5(concat_ws(
            '|',
            sensor,
            port_id,
            has_pass,
            epoch_us(min(began_at) over (partition by sensor, port_id, has_pass, number))
        )),
        16
    ) as look_id,
    pass_id,
    witness_event_id,
    sensor,
    port_id,
    has_pass,
    began_at,
    greatest(began_at, ended_at) as ended_at
from part
order by look_id, pass_id, witness_event_id

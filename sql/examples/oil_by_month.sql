-- Oil moved by Russian-linked tankers by month and direction, with a 90 % interval and how much of it is guessed.
-- Grain: one month of the weeks' Mondays, and direction.
with model as (
    select "value" as share
    from rule
    where name = 'volume_model_share'
),

week_volume as (
    select
        week,
        date_trunc('month', week_start)::date as month,
        direction,
        calls,
        payload_t,
        -- Estimates below the sum and above it, each as a deviation from it.
        payload_t - payload_low_90_t as below_t,
        payload_high_90_t - payload_t as above_t,
        calls_by_terminal + calls - calls_with_estimate as guessed_calls
    from oil_volume
    where
        series = 'russian_linked_tankers'
        and water is null
        and link_tier is null
        and direction in ('loading', 'discharging')
        and state <> 'open'
),

-- What the estimates of all calls have in common does not average out: 1.645 standard deviations of it
-- are half of an interval of 90 %. The rest of the weeks' errors is independent.
summed as (
    select
        month,
        direction,
        count(*) as weeks,
        count(payload_t) as weeks_with_estimate,
        sum(calls) as calls,
        sum(guessed_calls) as guessed_calls,
        sum(payload_t) as payload_t,
        1.645 * any_value(model.share) * sum(payload_t) as shared_t,
        sum(greatest(pow(below_t, 2) - pow(1.645 * model.share * payload_t, 2), 0)) as below_square,
        sum(greatest(pow(above_t, 2) - pow(1.645 * model.share * payload_t, 2), 0)) as above_square
    from week_volume
    cross join model
    group by month, direction
)

select
    month,
    direction,
    weeks,
    weeks_with_estimate,
    calls,
    round(100.0 * guessed_calls / nullif(calls, 0)) as guessed_percent,
    payload_t as payload_t_estimate,
    round(greatest(payload_t - sqrt(below_square + pow(shared_t, 2)), 0), -2)::bigint as payload_low_90_t,
    round(payload_t + sqrt(above_square + pow(shared_t, 2)), -2)::bigint as payload_high_90_t
from summed
order by month, direction

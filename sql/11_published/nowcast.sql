-- What the headline of the newest closed weeks becomes by late data, as that of earlier weeks did.
-- Grain: one series and closed week that is not settled yet.
-- Key: series, week.
with closed as (
    select
        week.week,
        week.ends_at,
        week.ends_at + to_days((7 * rule('nowcast_weeks'))::integer) as settles_at,
        clock.as_of
    from week
    cross join clock
    where not week.is_open
),

target as (
    select
        barometer.series,
        closed.week,
        closed.settles_at,
        date_diff('day', closed.ends_at, closed.as_of) as age_days,
        barometer.russian_linked_tanker_calls as calls
    from closed
    inner join barometer on closed.week = barometer.week
    where closed.as_of < closed.settles_at
),

-- The settled weeks, each at the age that the target has now: all that was published by the end of
-- that day. A week counts whose number was published by then; one that an old home published
-- months later says nothing of its growth.
past_week as (
    select
        target.series,
        target.week as target_week,
        closed.week,
        closed.settles_at,
        closed.ends_at + to_days((target.age_days + 1)::integer) as then_at
    from target
    inner join closed on closed.settles_at <= closed.as_of
    inner join published_week as published
        on
            target.series = published.series
            and closed.week = published.week
            and published.published_at < closed.ends_at + to_days((target.age_days + 1)::integer)
    group by target.series, target.week, target.age_days, closed.week, closed.ends_at, closed.settles_at
    having arg_max(published.russian_linked_tanker_calls is not null, published.run_id)
    qualify
        row_number() over (partition by target.series, target.week order by closed.week desc)
        <= rule('index_weeks')
),

-- New links change numbers, too, and follow other laws than files: both counts are by the links
-- with which the week was settled.
past_call as (
    select
        past_week.series,
        past_week.target_week,
        past_week.week,
        call.port_call_id,
        arg_max(call.is_counted and call.is_headline, call.run_id)
            filter (where call.published_at < past_week.then_at) as is_then,
        arg_max(call.is_counted and call.is_headline, call.run_id) as is_settled,
        arg_max(call.link_tier in ('strong', 'moderate'), call.run_id) as is_linked
    from past_week
    inner join published_call as call
        on
            past_week.series = call.series
            and past_week.week = call.week
            and call.published_at < past_week.settles_at
    group by all
),

growth as (
    select
        past_week.series,
        past_week.target_week,
        past_week.week,
        -- With one added to both, so that a week without a call can grow.
        (1 + count(*) filter (where past_call.is_linked and past_call.is_settled))
        / (1 + count(*) filter (where past_call.is_linked and past_call.is_then)) as ratio
    from past_week
    left join past_call
        on
            past_week.series = past_call.series
            and past_week.target_week = past_call.target_week
            and past_week.week = past_call.week
    group by past_week.series, past_week.target_week, past_week.week
),

ordered as (
    select
        target.series,
        target.week,
        target.settles_at,
        target.age_days,
        target.calls,
        count(growth.ratio) as pairs,
        list(growth.ratio order by growth.ratio) filter (where growth.ratio is not null) as ratios
    from target
    left join growth on target.series = growth.series and target.week = growth.target_week
    group by target.series, target.week, target.settles_at, target.age_days, target.calls
),

-- Of n values in order the one at p (n + 1), between two of them in proportion: below it the next
-- value lies with the probability p (Hyndman and Fan 1996, American Statistician 50, 361: type 6).
placed as (
    select
        ordered.*,
        unnest([0.1, 0.5, 0.9]) as p
    from ordered
    where ordered.pairs >= rule('nowcast_least_pairs') and ordered.calls is not null
),

quantile as (
    select
        series,
        week,
        p,
        round(
            (calls + 1) * (
                ratios[floor(p * (pairs + 1))::bigint]
                + (p * (pairs + 1) - floor(p * (pairs + 1)))
                * (
                    ratios[least(floor(p * (pairs + 1))::bigint + 1, pairs)]
                    - ratios[floor(p * (pairs + 1))::bigint]
                )
            ) - 1,
            6
        ) as calls
    from placed
),

estimate as (
    select
        series,
        week,
        greatest(round(any_value(calls) filter (where p = 0.5)), 0) as calls,
        greatest(ceil(any_value(calls) filter (where p = 0.1)), 0) as low,
        floor(any_value(calls) filter (where p = 0.9)) as high
    from quantile
    group by series, week
)

-- Calls are whole: the interval has those within its ends, and the estimate.
select
    ordered.week,
    ordered.calls as published_calls,
    ordered.age_days::smallint as age_days,
    ordered.settles_at,
    ordered.pairs::smallint as pairs,
    estimate.calls::integer as settled_calls,
    least(estimate.low, estimate.calls)::integer as low_80,
    greatest(estimate.high, estimate.calls)::integer as high_80,
    ordered.series
from ordered
left join estimate on ordered.series = estimate.series and ordered.week = estimate.week
order by ordered.series, ordered.week

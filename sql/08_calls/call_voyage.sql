-- Position of each counted call among the ship's calls: whether it is the first in the series, and the Russian calls before and after.
-- Grain: one series and counted call (series, port_call_id).
with call as (
    select
        counted_call.series,
        counted_call.port_call_id,
        counted_call.week,
        port_call.arrived_at,
        coalesce(port_call.departed_at, port_call.arrived_at) as left_at,
        -- A ship may transmit its IMO number only later: match by track too.
        unnest(
            list_distinct([
                coalesce(identity.hull_id, 'track ' || port_call.track_id),
                'track ' || port_call.track_id
            ])
        ) as caller_id
    from counted_call
    inner join port_call on counted_call.port_call_id = port_call.port_call_id
    inner join call_identity as identity on counted_call.port_call_id = identity.port_call_id
),

earlier as (
    select distinct
        series,
        port_call_id
    from (
        select
            series,
            port_call_id,
            row_number() over (
                partition by series, caller_id order by arrived_at, port_call_id
            ) as number
        from call
    )
    where number > 1
),

-- Weeks in which the call's water was heard well enough to report zero, as in weekly_water.
heard as (
    select
        series,
        water,
        week,
        count(*) filter (where observed_share >= rule('least_share')::float) over (
            partition by series, water order by week
            rows between unbounded preceding and 1 preceding
        ) as heard_weeks_before
    from coast_week
),

russian as (
    select
        trade_call.port_call_id,
        trade_call.port_name,
        trade_call.arrived_at,
        coalesce(trade_call.departed_at, trade_call.arrived_at) as left_at,
        unnest(
            list_distinct([
                coalesce(trade_call.hull_id, 'track ' || trade_call.track_id),
                'track ' || trade_call.track_id
            ])
        ) as caller_id
    from trade_call
    where trade_call.confidence >= rule('counted_confidence')
),

-- One call a moment, for asof joins: a pair of every call with every other of its ship is the square
-- of their number.
russian_end as (
    select *
    from russian
    qualify row_number() over (partition by caller_id, left_at order by port_call_id) = 1
),

russian_start as (
    select *
    from russian
    qualify row_number() over (partition by caller_id, arrived_at order by port_call_id) = 1
),

-- Of the calls under the hull and under the track.
last_russian as (
    select
        call.port_call_id,
        russian_end.port_name,
        russian_end.left_at as at,
        russian_end.port_call_id as russian_call_id
    from call
    asof inner join russian_end
        on call.caller_id = russian_end.caller_id and call.arrived_at >= russian_end.left_at
    qualify row_number() over (
        partition by call.port_call_id order by russian_end.left_at desc, russian_end.port_call_id
    ) = 1
),

next_russian as (
    select
        call.port_call_id,
        russian_start.port_name,
        russian_start.arrived_at as at,
        russian_start.port_call_id as russian_call_id
    from call
    asof inner join russian_start
        on call.caller_id = russian_start.caller_id and call.left_at <= russian_start.arrived_at
    qualify row_number() over (
        partition by call.port_call_id order by russian_start.arrived_at, russian_start.port_call_id
    ) = 1
)

select
    counted_call.port_call_id,
    -- None in a quarter of a year that was heard counts as none before.
    case
        when earlier.port_call_id is not null then false
        when coalesce(heard.heard_weeks_before, 0) >= rule('first_call_weeks') then true
    end as is_first_call,
    last_russian.port_name as last_russian_port,
    last_russian.at as last_russian_at,
    next_russian.port_name as next_russian_port,
    next_russian.at as next_russian_at,
    coalesce(heard.heard_weeks_before, 0)::integer as heard_weeks_before,
    counted_call.series,
    last_russian.russian_call_id as last_russian_call_id,
    next_russian.russian_call_id as next_russian_call_id
from counted_call
left join earlier
    on counted_call.series = earlier.series and counted_call.port_call_id = earlier.port_call_id
left join heard
    on
        counted_call.series = heard.series
        and counted_call.week = heard.week
        and heard.water = case
            when counted_call.water = 'Caspian' then 'Caspian' else 'Gulf and Gulf of Oman'
        end
left join last_russian on counted_call.port_call_id = last_russian.port_call_id
left join next_russian on counted_call.port_call_id = next_russian.port_call_id
order by counted_call.series, counted_call.port_call_id

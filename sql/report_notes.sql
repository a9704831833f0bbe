-- What a reader of a week must know beside its number.
-- Grain: one row for $week. Inputs: port_call, track_call, counted_call, port, coverage, vessel_link, source_file.
with call as (
    select
        count(*) filter (
            where port_call.is_tanker and port_call.confidence >= 2
            and port_call.arrived_after < date_trunc('week', port_call.arrived_at)
        ) as arrived_maybe_earlier,
        count(*) filter (where port_call.is_tanker and port_call.confidence < 2) as contested,
        count(*) filter (
            where port_call.is_tanker and port_call.confidence < track_call.confidence
        ) as made_less_sure,
        count(*) filter (where port_call.is_tanker is null and port_call.confidence >= 2)
            as of_unknown_type
    from port_call
    inner join track_call on port_call.port_call_id = track_call.port_call_id
    where port_call.week = $week
),

waiting as (
    select count(*) as voyage_anchorages
    from counted_call
    where week = $week and not is_headline
),

heard_ever as (
    select
        port.port_id,
        port.name,
        coalesce(sum(coverage.observed_hours), 0) as observed_hours
    from port
    left join coverage on port.port_id = coverage.port_id
    where port.country = 'IR'
    group by port.port_id, port.name
)

select
    call.arrived_maybe_earlier,
    call.contested,
    call.made_less_sure,
    call.of_unknown_type,
    waiting.voyage_anchorages,
    (
        select string_agg(name, '; ' order by port_id)
        from heard_ever
        where observed_hours = 0
    ) as never_heard,
    -- The simulator's files are named so (flows/simulate).
    coalesce((select bool_or(starts_with(name, 'simulated-')) from source_file), false)
        as is_simulated,
    not coalesce((select bool_or(link_reason = 'owner') from vessel_link), false)
        as lacks_owner,
    not coalesce((select bool_or(link_reason = 'trade') from vessel_link), false)
        as lacks_trade
from call
cross join waiting

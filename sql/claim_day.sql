-- Which IMO number each track claims on each day: the one sent, or the last or next one where the rest agrees.
-- Grain: one track and UTC day. Inputs: ship_day.
with filled as (
    -- Static data come and go: what was said last holds until something else is said.
    select
        * exclude (vessel_name, call_sign, length_m, beam_m),
        coalesce(
            last_value(vessel_name ignore nulls) over past,
            first_value(vessel_name ignore nulls) over future
        ) as vessel_name,
        coalesce(
            last_value(call_sign ignore nulls) over past,
            first_value(call_sign ignore nulls) over future
        ) as call_sign,
        coalesce(
            last_value(length_m ignore nulls) over past,
            first_value(length_m ignore nulls) over future
        ) as length_m,
        coalesce(
            last_value(beam_m ignore nulls) over past,
            first_value(beam_m ignore nulls) over future
        ) as beam_m
    from ship_day
    window
        past as (
            partition by track_id order by day
            rows between unbounded preceding and current row
        ),
        future as (
            partition by track_id order by day
            rows between current row and unbounded following
        )
),

with_own as (
    select
        *,
        case
            when imo is not null
                then {
                    'imo': imo,
                    'vessel_name': vessel_name,
                    'call_sign': call_sign,
                    'length_m': length_m,
                    'beam_m': beam_m
                }
        end as own
    from filled
),

neighbour as (
    select
        * exclude (own),
        last_value(own ignore nulls) over (
            partition by track_id order by day
            rows between unbounded preceding and current row
        ) as before,
        first_value(own ignore nulls) over (
            partition by track_id order by day
            rows between current row and unbounded following
        ) as after
    from with_own
),

-- A day without a number is the hull's of the day before, or after, only where name or call sign
-- agree, or where neither can be compared the size, and the size does not differ: an MMSI may have
-- been handed on, and sister ships are of one size. 5 % or 5 m: crews round, and where the antenna
-- stands enters the sum.
compared as (
    select
        *,
        case
            when abs(length_m - before.length_m) > greatest(5, 0.05 * length_m) then false
            when vessel_name = before.vessel_name or call_sign = before.call_sign then true
            when vessel_name <> before.vessel_name or call_sign <> before.call_sign then false
            else coalesce(length_m = before.length_m, length_m is null)
        end as is_as_before,
        case
            when abs(length_m - after.length_m) > greatest(5, 0.05 * length_m) then false
            when vessel_name = after.vessel_name or call_sign = after.call_sign then true
            when vessel_name <> after.vessel_name or call_sign <> after.call_sign then false
            else coalesce(length_m = after.length_m, length_m is null)
        end as is_as_after
    from neighbour
)

select
    track_id,
    mmsi,
    day,
    first_at,
    last_at,
    typed_reports,
    tanker_reports,
    imos,
    case
        when imo is not null then imo
        when before is not null and is_as_before then before.imo
        when after is not null and is_as_after then after.imo
    end as imo,
    imo is not null as is_sent,
    vessel_name,
    call_sign,
    ship_type,
    length_m,
    beam_m
from compared
order by track_id, day

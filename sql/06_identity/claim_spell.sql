-- Which IMO number each track claims in each spell: the one sent, or the last or next one while the rest agrees; and what persons decided.
-- Grain: one track and spell (ship_spell).
with described as (
    -- A name and a call sign that were said together belong together: a missing one is not filled
    -- from another day, or it would agree with itself.
    select
        * exclude (vessel_name, call_sign, length_m, beam_m),
        case
            when vessel_name is not null or call_sign is not null
                then {'vessel_name': vessel_name, 'call_sign': call_sign}
        end as said,
        case
            when length_m is not null then {'length_m': length_m, 'beam_m': beam_m}
        end as sized
    from ship_spell
    where mmsi between getvariable('batch').first and getvariable('batch').last
),

filled as (
    -- Static data come and go: what was said last holds until something else is said.
    select
        * exclude (said, sized),
        coalesce(
            last_value(said ignore nulls) over past, first_value(said ignore nulls) over future
        ) as said,
        coalesce(
            last_value(sized ignore nulls) over past, first_value(sized ignore nulls) over future
        ) as sized
    from described
    window
        past as (
            partition by track_id order by first_day
            rows between unbounded preceding and current row
        ),
        future as (
            partition by track_id order by first_day
            rows between current row and unbounded following
        )
),

with_own as (
    select
        *,
        lag(said) over (partition by track_id order by first_day) as said_before,
        lag(sized) over (partition by track_id order by first_day) as sized_before,
        case
            when imo is not null
                then {'imo': imo, 'day': first_day, 'said': said, 'sized': sized}
        end as own
    from filled
),

neighbour as (
    select
        * exclude (own),
        last_value(own ignore nulls) over (
            partition by track_id order by first_day
            rows between unbounded preceding and current row
        ) as before,
        first_value(own ignore nulls) over (
            partition by track_id order by first_day
            rows between current row and unbounded following
        ) as after
    from with_own
),

told as (
    select
        track_id,
        first_day,
        said,
        sized,
        before as own,
        1 as choice
    from neighbour
    where imo is null and before is not null
    union all
    select
        track_id,
        first_day,
        said,
        sized,
        after as own,
        2 as choice
    from neighbour
    where imo is null and after is not null
),

-- A day without a number is the hull's of the day before, or after, only where name or call sign
-- agree, or where neither can be compared the size, and the size does not differ: an MMSI may have
-- been handed on, and sister ships are of one size. 5 % or 5 m: crews round, and where the antenna
-- stands enters the sum. 180 days, as long as a call at a Russian port counts.
carried as (
    select
        track_id,
        first_day,
        own.imo as imo
    from told
    where
        case
            when abs(first_day - own.day) > rule('imo_carry_days') then false
            when
                abs(sized.length_m - own.sized.length_m) > greatest(5, 0.05 * sized.length_m)
                then false
            when
                said.vessel_name = own.said.vessel_name or said.call_sign = own.said.call_sign
                then true
            when
                said.vessel_name <> own.said.vessel_name or said.call_sign <> own.said.call_sign
                then false
            else coalesce(sized.length_m = own.sized.length_m, sized is null and said is null)
        end
    qualify row_number() over (partition by track_id, first_day order by choice) = 1
),

compared as (
    select
        *,
        -- Another ship by all that it says: only what sends no number is told apart by it.
        coalesce(
            abs(sized.length_m - sized_before.length_m) > greatest(5, 0.05 * sized.length_m)
            or (
                not coalesce(said.vessel_name = said_before.vessel_name, false)
                and not coalesce(said.call_sign = said_before.call_sign, false)
                and (
                    said.vessel_name <> said_before.vessel_name
                    or said.call_sign <> said_before.call_sign
                )
            ),
            false
        ) as is_another
    from neighbour
),

claimed as (
    select
        compared.* exclude (imo, before, after),
        coalesce(compared.imo, carried.imo) as claimed_imo,
        1 + count(*) filter (where compared.is_another) over (
            partition by compared.track_id
            order by compared.first_day
            rows between unbounded preceding and current row
        ) as ship_number
    from compared
    left join carried
        on compared.track_id = carried.track_id and compared.first_day = carried.first_day
),

-- The last line of the file that is about a transmitter, a hull and a day stands. A confirmation is
-- about the ship that sails under the MMSI; a second one on it sends its own number or none.
decided as (
    select
        claimed.track_id,
        claimed.first_day,
        decision.imo,
        arg_max(decision.decision, decision.line) as decision,
        max(decision.line) as line
    from claimed
    inner join link_decision as decision
        on
            claimed.mmsi = decision.mmsi
            and claimed.first_day >= coalesce(decision.valid_from, '-infinity'::timestamp)
            and claimed.first_day < coalesce(decision.valid_to, 'infinity'::timestamp)
    where decision.decision = 'refuse' or claimed.track_id = claimed.mmsi
    group by claimed.track_id, claimed.first_day, decision.imo
),

confirmed as (
    select
        track_id,
        first_day,
        arg_max(imo, line) as imo
    from decided
    where decision = 'confirm'
    group by track_id, first_day
),

refused as (
    select
        track_id,
        first_day,
        imo
    from decided
    where decision = 'refuse'
)

select
    claimed.track_id,
    claimed.mmsi,
    claimed.first_day,
    claimed.last_day,
    claimed.days,
    claimed.first_at,
    claimed.last_at,
    claimed.typed_reports,
    claimed.tanker_reports,
    claimed.claimed_imo,
    case
        when confirmed.imo is not null then confirmed.imo
        when refused.imo is null then claimed.claimed_imo
    end as imo,
    case
        when confirmed.imo is not null then 'decision'
        when claimed.claimed_imo is null or refused.imo is not null then null
        when claimed.is_sent then 'sent'
        else 'carried'
    end as imo_by,
    claimed.said.vessel_name as vessel_name,
    claimed.said.call_sign as call_sign,
    claimed.ship_type,
    claimed.sized.length_m as length_m,
    claimed.sized.beam_m as beam_m,
    claimed.ship_number
from claimed
left join confirmed
    on claimed.track_id = confirmed.track_id and claimed.first_day = confirmed.first_day
left join refused
    on
        claimed.track_id = refused.track_id
        and claimed.first_day = refused.first_day
        and claimed.claimed_imo = refused.imo
order by claimed.track_id, claimed.first_day

-- The IMO number that each track claims in each interval: as sent, or carried over from a day before or after; and manual decisions.
-- Grain: one track and interval: a UTC day (ship_spell), or all days of a steady ship (steady_ship).
with described as (
    -- Name and call sign of one day belong together: a missing one is not filled from another day,
    -- or it would agree with itself.
    select
        * exclude (vessel_name, call_sign, length_m, beam_m),
        case
            when vessel_name is not null or call_sign is not null
                then {'vessel_name': vessel_name, 'call_sign': call_sign}
        end as names,
        -- A beam of the length or more is no ship's: 1 by 1 m, as a transmitter is delivered, or the two
        -- mixed up. Such a size is as good as none, also for the comparison with a register (imo_claim).
        case
            when coalesce(length_m > beam_m, length_m is not null)
                then {'length_m': length_m, 'beam_m': beam_m}
        end as size
    from ship_spell
    where mmsi between getvariable('batch').first and getvariable('batch').last
),

filled as (
    -- Static data are not sent every day: the last values hold until others are sent.
    select
        * exclude (names, size),
        coalesce(
            last_value(names ignore nulls) over past, first_value(names ignore nulls) over future
        ) as names,
        coalesce(
            last_value(size ignore nulls) over past, first_value(size ignore nulls) over future
        ) as size
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

with_number as (
    select
        *,
        lag(names) over (partition by track_id order by first_day) as names_before,
        lag(size) over (partition by track_id order by first_day) as size_before,
        case
            when imo is not null
                then {'imo': imo, 'day': first_day, 'names': names, 'size': size}
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
    from with_number
),

numbered as (
    select
        track_id,
        first_day,
        names,
        size,
        before as own,
        1 as choice
    from neighbour
    where imo is null and before is not null
    union all
    select
        track_id,
        first_day,
        names,
        size,
        after as own,
        2 as choice
    from neighbour
    where imo is null and after is not null
),

-- A day without a number takes that of the day before or after only where name or call sign agree,
-- or, if neither can be compared, the size; and where the size does not differ: an MMSI may have
-- been handed on, and sister ships have one size. 5 % or 5 m: crews round, and the length sent is a
-- sum of two antenna distances. 180 days, as long as a call at a Russian port counts.
carried as (
    select
        track_id,
        first_day,
        own.imo as imo
    from numbered
    where
        case
            when abs(first_day - own.day) > rule('imo_carry_days') then false
            when
                abs(size.length_m - own.size.length_m) > length_tolerance_m(size.length_m)
                then false
            when
                names.vessel_name = own.names.vessel_name or names.call_sign = own.names.call_sign
                then true
            when
                names.vessel_name <> own.names.vessel_name or names.call_sign <> own.names.call_sign
                then false
            else coalesce(size.length_m = own.size.length_m, size is null and names is null)
        end
    qualify row_number() over (partition by track_id, first_day order by choice) = 1
),

compared as (
    select
        *,
        -- Another ship by all its static data: separates only ships that send no number.
        coalesce(
            abs(size.length_m - size_before.length_m) > length_tolerance_m(size.length_m)
            or (
                not coalesce(names.vessel_name = names_before.vessel_name, false)
                and not coalesce(names.call_sign = names_before.call_sign, false)
                and (
                    names.vessel_name <> names_before.vessel_name
                    or names.call_sign <> names_before.call_sign
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

-- The last decision on a transmitter, a hull and a day applies. A confirmation is about the first
-- ship on the MMSI; a second one sends its own number or none.
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
),

-- What a steady ship sends is all that is known of it: nothing is carried over, and no decision is on it.
steady as (
    select
        *,
        coalesce(length_m > beam_m, length_m is not null) as is_size
    from steady_ship
    where mmsi between getvariable('batch').first and getvariable('batch').last
),

spell as (
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
        claimed.names.vessel_name as vessel_name,
        claimed.names.call_sign as call_sign,
        claimed.ship_type,
        claimed.size.length_m as length_m,
        claimed.size.beam_m as beam_m,
        claimed.ship_number
    from claimed
    left join confirmed
        on claimed.track_id = confirmed.track_id and claimed.first_day = confirmed.first_day
    left join refused
        on
            claimed.track_id = refused.track_id
            and claimed.first_day = refused.first_day
            and claimed.claimed_imo = refused.imo
    union all
    select
        mmsi::bigint as track_id,
        mmsi,
        first_day,
        last_day,
        days,
        first_at,
        last_at,
        typed_reports,
        tanker_reports,
        imo as claimed_imo,
        imo,
        case
            when imo is null then null
            when is_sent then 'sent'
            else 'carried'
        end as imo_by,
        vessel_name,
        call_sign,
        ship_type,
        case when is_size then length_m end as length_m,
        case when is_size then beam_m end as beam_m,
        1 as ship_number
    from steady
)

select
    track_id,
    mmsi,
    first_day,
    last_day,
    days,
    first_at,
    last_at,
    typed_reports,
    tanker_reports,
    claimed_imo,
    imo,
    imo_by,
    vessel_name,
    call_sign,
    ship_type,
    length_m,
    beam_m,
    ship_number
from spell
order by track_id, first_day

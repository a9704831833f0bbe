-- Possible dark calls: tankers that fell silent near an Iranian port while their neighbours were heard, with time for a call; not counted.
-- Grain: one silence of a hull (dark_id).
-- Key: dark_id.
select
    -- Hash of the hull and the start of the silence.
    left(md5(concat_ws(' ', hull_id, epoch_us(silent_from))), 16) as dark_id,
    week,
    hull_id,
    track_id,
    mmsi,
    imo,
    vessel_name,
    flag,
    link_tier,
    link_reasons,
    silent_from,
    silent_to,
    hours,
    from_lon,
    from_lat,
    to_lon,
    to_lat,
    port_id,
    port_name,
    water,
    neighbours_heard,
    draught_before_m,
    draught_after_m,
    concat_ws(
        '; ',
        printf('silent %.0f h from %.0f km off %s', hours::double, from_km::double, port_name),
        printf(
            '%d ships heard around it meanwhile, in %.0f %% of the hours',
            neighbours_heard,
            100 * heard_share::double
        ),
        printf('%d of %d that were there went on', went_on, went_on + fell_silent_too),
        printf(
            'heard itself in %d of %.0f hours before',
            own_hours,
            ceil((epoch_us(silent_to) - epoch_us(silent_from)) / 3.6e9)
        ),
        printf('time for a call, and came back %.0f km off', to_km::double),
        -- Below a metre it may be trim, fuel or rounding (a choice).
        case
            when abs(draught_after_m - draught_before_m) >= 1
                then printf(
                'draught %.1f -> %.1f m', draught_before_m::double, draught_after_m::double
            )
        end,
        case
            when link_tier in ('strong', 'moderate') then 'linked: ' || link_reasons
            else 'no link to Russia that counts'
        end,
        case when has_called then 'called in Iran before' end,
        'doubt, positions were jammed then: ' || interference
    ) as reasons
from coast_silence
where verdict = 'possible'
order by silent_from, dark_id

-- Tankers that came out of a silence deeper by a fifth of their design draught, with time for an Iranian terminal and without a heard call; not counted.
-- Grain: one silence of a hull (loading_id).
-- Key: loading_id.
with silence as (
    select
        tanker_gap.hull_id,
        tanker_gap.track_id,
        tanker_gap.mmsi,
        tanker_gap.silent_from,
        tanker_gap.silent_to,
        tanker_gap.silent_us / 3.6e9 as hours,
        tanker_gap.from_lon,
        tanker_gap.from_lat,
        tanker_gap.to_lon,
        tanker_gap.to_lat,
        hull_curve.design_m,
        hull_curve.hull_class
    from tanker_gap
    inner join hull_curve on tanker_gap.hull_id = hull_curve.hull_id
),

-- The draught in force when it fell silent, and the last one set up to two days after it was heard again
-- (a choice: crews set it hours after sailing). A week on either side, as for a call.
before as (
    select
        silence.hull_id,
        silence.silent_from,
        spell.draught_m,
        spell.began_at
    from silence
    inner join credible_draught as spell
        on
            silence.hull_id = spell.hull_id
            and spell.began_at <= silence.silent_from
            and spell.ended_at >= silence.silent_from - interval 7 day
    qualify row_number() over (
        partition by silence.hull_id, silence.silent_from order by spell.began_at desc, spell.draught_m
    ) = 1
),

after as (
    select
        silence.hull_id,
        silence.silent_from,
        spell.draught_m,
        spell.began_at
    from silence
    inner join credible_draught as spell
        on
            silence.hull_id = spell.hull_id
            and spell.ended_at >= silence.silent_to
            and spell.began_at <= silence.silent_to + interval 2 day
    qualify row_number() over (
        partition by silence.hull_id, silence.silent_from order by spell.began_at desc, spell.draught_m
    ) = 1
),

risen as (
    select
        silence.*,
        before.draught_m as draught_before_m,
        after.draught_m as draught_after_m,
        before.began_at as before_set_at,
        after.began_at as after_set_at
    from silence
    inner join before
        on silence.hull_id = before.hull_id and silence.silent_from = before.silent_from
    inner join after
        on silence.hull_id = after.hull_id and silence.silent_from = after.silent_from
    where
        after.draught_m - before.draught_m
        >= rule('unexplained_rise_share')::float * silence.design_m - 1e-6
),

-- A heard call explains it, also one before the silence at which the draught was not set. The draught
-- that was set before a call, up to a day, is that call's.
explained as (
    select distinct
        risen.hull_id,
        risen.silent_from
    from risen
    inner join call_identity as identity on risen.hull_id = identity.hull_id
    inner join track_call as call
        on
            identity.port_call_id = call.port_call_id
            and call.arrived_at < greatest(risen.silent_to, risen.after_set_at)
            and coalesce(call.departed_at, 'infinity'::timestamp)
            > least(risen.silent_from, risen.before_set_at + interval 1 day)
),

-- Straight lines, but through the Strait of Hormuz, near 56.5 E, 26.5 N, from one side to the other, and
-- on the Caspian from and to the Caspian alone.
terminal_at_sea as (
    select
        port.port_id,
        port.name,
        port.water,
        port.lon,
        port.lat,
        coalesce(port.usual_tanker_calls, 1)::double as usual_calls
    from port
    inner join terminal on port.port_id = terminal.port_id
    where port.country = 'IR' and terminal.terminal_trade <> 'discharging'
),

ended as (
    select
        hull_id,
        silent_from,
        unnest([
            {'side': 'from', 'lon': from_lon, 'lat': from_lat},
            {'side': 'to', 'lon': to_lon, 'lat': to_lat}
        ]) as place
    from risen
),

placed as (
    select
        hull_id,
        silent_from,
        place.side as side,
        place.lon as lon,
        place.lat as lat,
        place.lon between 46 and 55.5 and place.lat > 36 as is_caspian,
        -- Within the Gulf, and on the ocean side of the strait. Ships farther off are not looked at.
        place.lon between 47 and 56.4 and place.lat between 23.5 and 31 as is_gulf,
        place.lon between 47 and 80 and place.lat < 27.5 and not is_gulf as is_ocean
    from ended
),

distance as (
    select
        placed.hull_id,
        placed.silent_from,
        terminal_at_sea.port_id,
        case
            when (terminal_at_sea.water = 'Persian Gulf') = placed.is_gulf
                then great_circle_km(
                    placed.lon, placed.lat, terminal_at_sea.lon, terminal_at_sea.lat
                )
            else
                great_circle_km(placed.lon, placed.lat, 56.5, 26.5)
                + great_circle_km(56.5, 26.5, terminal_at_sea.lon, terminal_at_sea.lat)
        end as sea_km
    from placed
    cross join terminal_at_sea
    where
        case
            when terminal_at_sea.water = 'Caspian' then placed.is_caspian
            else placed.is_gulf or placed.is_ocean
        end
),

-- Time to sail there at 10 knots, to stay for 24 hours and to sail to where it came back, as for
-- silences (sql/09_silences/tanker_silence.sql).
within_reach as (
    select
        risen.hull_id,
        risen.silent_from,
        risen.silent_to,
        risen.hours,
        distance.port_id,
        sum(distance.sea_km) as sea_km
    from risen
    inner join distance
        on risen.hull_id = distance.hull_id and risen.silent_from = distance.silent_from
    group by risen.hull_id, risen.silent_from, risen.silent_to, risen.hours, distance.port_id
    having
        count(*) = 2
        and risen.hours >= rule('dark_stay_h') + sum(distance.sea_km) / (rule('dark_speed_kn') * 1.852)
),

heard as (
    select
        within_reach.hull_id,
        within_reach.silent_from,
        within_reach.port_id,
        count(observed_hour.hour) / max(within_reach.hours) as heard_share
    from within_reach
    left join observed_hour
        on
            within_reach.port_id = observed_hour.port_id
            and observed_hour.hour >= within_reach.silent_from
            and observed_hour.hour < within_reach.silent_to
    group by within_reach.hull_id, within_reach.silent_from, within_reach.port_id
),

-- As likely as the terminal's usual calls, and less so where a call would have been heard: a port heard
-- all the time misses one call in twenty (a choice).
likely as (
    select
        heard.hull_id,
        heard.silent_from,
        heard.port_id,
        terminal_at_sea.name,
        heard.heard_share,
        terminal_at_sea.usual_calls * (1 - 0.95 * least(heard.heard_share, 1)) as weight
    from heard
    inner join terminal_at_sea on heard.port_id = terminal_at_sea.port_id
),

listed as (
    select
        hull_id,
        silent_from,
        list({'port_id': port_id, 'name': name, 'weight': weight, 'heard': heard_share}
            order by weight desc, port_id) as ports,
        list_sum(list(weight order by weight desc, port_id)) as total
    from likely
    group by hull_id, silent_from
),

-- Ports of other countries, by straight lines and 10 km for their limits, that were within reach too.
abroad as (
    select
        risen.hull_id,
        risen.silent_from,
        count(*) as foreign_ports
    from risen
    inner join foreign_port as other
        on
            risen.hours >= rule('dark_stay_h') + greatest(
                great_circle_km(risen.from_lon, risen.from_lat, other.lon, other.lat)
                + great_circle_km(other.lon, other.lat, risen.to_lon, risen.to_lat)
                - 20,
                0
            ) / (rule('dark_speed_kn') * 1.852)
    group by risen.hull_id, risen.silent_from
),

described as (
    select
        risen.*,
        listed.ports,
        listed.total,
        coalesce(abroad.foreign_ports, 0) as foreign_ports,
        hull.imo,
        hull.vessel_name
    from risen
    inner join listed on risen.hull_id = listed.hull_id and risen.silent_from = listed.silent_from
    inner join hull on risen.hull_id = hull.hull_id
    left join explained
        on risen.hull_id = explained.hull_id and risen.silent_from = explained.silent_from
    left join abroad on risen.hull_id = abroad.hull_id and risen.silent_from = abroad.silent_from
    where explained.hull_id is null
)

select
    -- Hash of the hull and the start of the silence.
    left(md5(concat_ws(' ', 'loading', hull_id, epoch_us(silent_from))), 16) as loading_id,
    strftime(silent_to, '%G-W%V') as week,
    hull_id,
    mmsi,
    imo,
    vessel_name,
    silent_from,
    silent_to,
    hours::float as hours,
    draught_before_m::float as draught_before_m,
    draught_after_m::float as draught_after_m,
    from_lon,
    from_lat,
    to_lon,
    to_lat,
    ports[1].port_id as port_id,
    list_transform(
        ports,
        lambda terminal: {
            'port_id': terminal.port_id,
            'likelihood': round(terminal.weight / total, 3),
            'heard_share': round(terminal.heard, 3)
        }
    ) as terminals,
    foreign_ports::integer as foreign_ports,
    concat_ws(
        '; ',
        printf(
            'draught %.1f -> %.1f m, a fifth of %.1f m is %.1f',
            draught_before_m,
            draught_after_m,
            design_m,
            rule('unexplained_rise_share')::double * design_m
        ),
        printf('silent %.0f h, and no call heard since the draught before was set', hours),
        'time for ' || array_to_string(
            list_transform(
                ports[:5],
                lambda terminal: printf(
                    '%s (%.0f %%; %.0f %% of the hours heard)',
                    terminal.name,
                    100 * terminal.weight / total,
                    100 * terminal.heard
                )
            ),
            ', '
        )
        || case when len(ports) > 5 then printf(' and %d more', len(ports) - 5) else '' end,
        case
            when foreign_ports > 0 then printf('time for %d ports of other countries too', foreign_ports)
        end
    ) as reasons
from described
order by silent_from, loading_id

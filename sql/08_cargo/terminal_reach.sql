-- The Iranian terminals that a tanker had time for in each time of hidden_change, likeliest first, and other countries' ports.
-- Grain: one such time of a hull with a terminal within reach (kind, hull_id, from_at).
-- Straight lines, but through the Strait of Hormuz, near 56.5 E, 26.5 N, from one side to the other, and
-- on the Caspian from and to the Caspian alone.
with terminal_at_sea as (
    select
        port.port_id,
        port.name,
        port.water,
        port.lon,
        port.lat,
        terminal.terminal_trade,
        coalesce(port.usual_tanker_calls, 1)::double as usual_calls
    from port
    inner join terminal on port.port_id = terminal.port_id
    where port.country = 'IR'
),

ended as (
    select
        kind,
        hull_id,
        from_at,
        direction,
        unnest([
            {'side': 'from', 'lon': from_lon, 'lat': from_lat},
            {'side': 'to', 'lon': to_lon, 'lat': to_lat}
        ]) as place
    from hidden_change
),

placed as (
    select
        kind,
        hull_id,
        from_at,
        direction,
        place.side as side,
        place.lon as lon,
        place.lat as lat,
        place.lon between 46 and 55.5 and place.lat > 36 as is_caspian,
        -- Within the Gulf, and on the ocean side of the strait. Ships farther off are not looked at. The peninsula
        -- of Musandam parts both: its coasts lie at 56.1 and 56.3 E, so that Fujairah is on the ocean side.
        place.lon between 47 and case when place.lat < 26.15 then 56.2 else 56.4 end
        and place.lat between 23.5 and 31 as is_gulf,
        place.lon between 47 and 80 and place.lat < 27.5 and not is_gulf as is_ocean
    from ended
),

distance as (
    select
        placed.kind,
        placed.hull_id,
        placed.from_at,
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
    -- A ship that came deeper did not discharge, nor did one load that came lighter.
    inner join terminal_at_sea
        on
            terminal_at_sea.terminal_trade in (placed.direction, 'both')
            and case
                when terminal_at_sea.water = 'Caspian' then placed.is_caspian
                else placed.is_gulf or placed.is_ocean
            end
),

-- Time to sail there at 10 knots, to stay for 24 hours and to sail to where it came back, as for
-- silences (sql/09_silences/tanker_silence.sql).
within_reach as (
    select
        hidden.kind,
        hidden.hull_id,
        hidden.from_at,
        hidden.to_at,
        hidden.hours,
        distance.port_id,
        sum(distance.sea_km) as sea_km
    from hidden_change as hidden
    inner join distance
        on
            hidden.kind = distance.kind
            and hidden.hull_id = distance.hull_id
            and hidden.from_at = distance.from_at
    group by
        hidden.kind, hidden.hull_id, hidden.from_at, hidden.to_at, hidden.hours, distance.port_id
    having
        count(*) = 2
        and hidden.hours >= rule('dark_stay_h') + sum(distance.sea_km) / (rule('dark_speed_kn') * 1.852)
),

heard as (
    select
        within_reach.kind,
        within_reach.hull_id,
        within_reach.from_at,
        within_reach.port_id,
        -- Hours that the time begins or ends in count whole.
        least(
            coalesce(
                sum(
                    hours_started(observed_slot.hour_bits, observed_slot.slot_at, within_reach.to_at)
                    - hours_started(observed_slot.hour_bits, observed_slot.slot_at, within_reach.from_at)
                ),
                0
            ) / max(within_reach.hours),
            1
        ) as heard_share
    from within_reach
    left join observed_slot
        on
            within_reach.port_id = observed_slot.port_id
            and observed_slot.slot_at > within_reach.from_at - interval 6 hour
            and observed_slot.slot_at < within_reach.to_at
    group by
        within_reach.kind, within_reach.hull_id, within_reach.from_at, within_reach.port_id
),

-- As likely as the terminal's usual calls. Of a silent ship less so where a call would have been heard: a
-- port heard all the time misses one call in twenty (a choice). A false position hides a call there.
likely as (
    select
        heard.kind,
        heard.hull_id,
        heard.from_at,
        heard.port_id,
        terminal_at_sea.name,
        heard.heard_share,
        terminal_at_sea.usual_calls
        * case heard.kind when 'silence' then 1 - 0.95 * heard.heard_share else 1 end as weight
    from heard
    inner join terminal_at_sea on heard.port_id = terminal_at_sea.port_id
),

listed as (
    select
        kind,
        hull_id,
        from_at,
        list({'port_id': port_id, 'name': name, 'weight': weight, 'heard': heard_share}
            order by weight desc, port_id) as ports,
        list_sum(list(weight order by weight desc, port_id)) as total
    from likely
    group by kind, hull_id, from_at
),

-- Ports of other countries, by straight lines and 10 km for their limits, that were within reach too.
abroad as (
    select
        hidden.kind,
        hidden.hull_id,
        hidden.from_at,
        count(*) as foreign_ports
    from hidden_change as hidden
    inner join foreign_port as other
        on
            hidden.hours >= rule('dark_stay_h') + greatest(
                great_circle_km(hidden.from_lon, hidden.from_lat, other.lon, other.lat)
                + great_circle_km(other.lon, other.lat, hidden.to_lon, hidden.to_lat)
                - 20,
                0
            ) / (rule('dark_speed_kn') * 1.852)
    group by hidden.kind, hidden.hull_id, hidden.from_at
)

select
    listed.kind,
    listed.hull_id,
    listed.from_at,
    list_transform(
        listed.ports,
        lambda terminal: {
            'port_id': terminal.port_id,
            'likelihood': round(terminal.weight / listed.total, 3),
            'heard_share': round(terminal.heard, 3)
        }
    ) as terminals,
    coalesce(abroad.foreign_ports, 0)::integer as foreign_ports,
    'time for ' || array_to_string(
        list_transform(
            listed.ports[:5],
            lambda terminal: printf(
                '%s (%.0f %%, %.0f %% of the hours heard)',
                terminal.name,
                100 * terminal.weight / listed.total,
                100 * terminal.heard
            )
        ),
        ', '
    )
    || case when len(listed.ports) > 5 then printf(' and %d more', len(listed.ports) - 5) else '' end
        as terminals_text,
    case
        when abroad.foreign_ports > 0
            then printf('time for %d ports of other countries too', abroad.foreign_ports)
    end as foreign_text
from listed
left join abroad
    on
        listed.kind = abroad.kind
        and listed.hull_id = abroad.hull_id
        and listed.from_at = abroad.from_at
order by listed.kind, listed.hull_id, listed.from_at

-- What several files of sql/ compute in the same way; for a session, nothing of it stays in a catalogue.
-- Grain: one macro.

-- A number of the domain, from data/rules.csv. Each is a variable of its own: of a struct of all of
-- them, DuckDB copies the whole for each use. An unknown name fails in the cast.
create or replace temp macro rule(name) as
    coalesce(getvariable('rule_' || name), ('no rule ' || name)::double);

-- Quarters of a day, in UTC: reception is judged slot by slot.
create or replace temp macro slot_of(moment) as
    time_bucket(interval 6 hour, moment, timestamp '2000-01-03');

-- The end, exclusive, of a period given by its last day. 9999-12-31, the last day that there is, is
-- written for "no end".
create or replace temp macro end_after(last_day) as
    case when last_day < date '9999-12-31' then last_day::timestamp + interval 1 day end;

-- How many hours of a slot start before a moment; of its six hours, bit 0 is the first.
create or replace temp macro hours_started(hour_bits, slot_at, moment) as
    bit_count(
        hour_bits::integer
        & ((1 << least(6, greatest(0, ceil(epoch(moment - slot_at) / 3600)))::integer) - 1)
    )::integer;

-- Kilometres along a great circle of the mean Earth (geo/earth.py), by the haversine formula.
create or replace temp macro great_circle_km(lon_a, lat_a, lon_b, lat_b) as
    2 * rule('earth_radius_km') * asin(sqrt(
        pow(sin(radians(lat_b - lat_a) / 2), 2)
        + cos(radians(lat_a)) * cos(radians(lat_b)) * pow(sin(radians(lon_b - lon_a) / 2), 2)
    ));

-- Length of a ship in metres: a register's, or else by the cube root of its tonnage.
create or replace temp macro register_length(length_m, gross_t, deadweight_t) as
    coalesce(
        length_m,
        rule('length_per_cbrt_gross') * cbrt(gross_t),
        rule('length_per_cbrt_deadweight') * cbrt(deadweight_t)
    );

-- By how many metres the static length of one ship may change.
create or replace temp macro length_tolerance_m(length_m) as
    greatest(rule('length_change_m'), rule('length_change_share')::float * length_m);

-- Quantile of the standard normal distribution, good to 0.00045 (Abramowitz and Stegun, Handbook of
-- Mathematical Functions, 26.2.23).
create or replace temp macro upper_normal(t) as
    t - (2.515517 + 0.802853 * t + 0.010328 * t * t)
    / (1 + 1.432788 * t + 0.189269 * t * t + 0.001308 * t * t * t);
create or replace temp macro standard_normal(p) as
    sign(p - 0.5) * upper_normal(sqrt(-2 * ln(least(p, 1 - p))));

-- The value at a place between two points, or that of the one point there is.
create or replace temp macro between_points(value_a, place_a, value_b, place_b, place) as
    coalesce(
        value_a + (value_b - value_a) * (place - place_a) / nullif(place_b - place_a, 0),
        value_a,
        value_b
    );

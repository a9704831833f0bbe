-- What several files of sql/ compute in the same way; for a session, nothing of it stays in a catalogue.
-- Grain: one macro.

-- A number of the domain, from data/rules.csv.
create or replace temp macro rule(name) as getvariable('rule')[name];

-- Quarters of a day, in UTC: reception is judged slot by slot.
create or replace temp macro slot_of(moment) as
    time_bucket(interval 6 hour, moment, timestamp '2000-01-03');

-- Kilometres along a great circle of the mean Earth (geo/earth.py), by the haversine formula.
create or replace temp macro great_circle_km(lon_a, lat_a, lon_b, lat_b) as
    2 * 6371.0088 * asin(sqrt(
        pow(sin(radians(lat_b - lat_a) / 2), 2)
        + cos(radians(lat_a)) * cos(radians(lat_b)) * pow(sin(radians(lon_b - lon_a) / 2), 2)
    ));

-- The track of the ship with the most implausible fixes, with the verdict on each fix.
-- Grain: one fix.
with ship as (
    select mmsi
    from flagged_position
    where verdict = 'implausible'
    group by mmsi
    order by count(*) desc, mmsi
    limit 1
)

select
    verdict.mmsi,
    verdict.track_id,
    verdict.reported_at,
    verdict.lon,
    verdict.lat,
    verdict.verdict,
    verdict.reason
from position_verdict as verdict
inner join ship on verdict.mmsi = ship.mmsi
order by verdict.reported_at, verdict.lon, verdict.lat

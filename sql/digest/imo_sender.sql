-- The IMO numbers that transmitters sent.
-- Grain: one IMO number and MMSI.
select distinct
    imo,
    mmsi
from new_static_report
where imo is not null
order by imo, mmsi

-- The Iranian ports of each series.
-- Grain: one series and port.
select
    series.series,
    series.cargo,
    port.port_id
from series
inner join port on port.country = 'IR' and series.ports in ('Iran', port.water)
order by series.series, port.port_id

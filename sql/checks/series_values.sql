-- Rows of data/codes/series.csv that count nothing: a cargo or ports that no ship or port has.
-- Grain: one series at fault.
select
    series,
    cargo,
    ports
from series
where
    cargo not in ('tanker', 'dry cargo')
    or not exists (
        from port where port.country = 'IR' and series.ports in ('Iran', port.water, port.port_id)
    )
order by series

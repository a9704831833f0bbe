-- Rows of data/codes/series.csv that count nothing: a cargo or ports that no ship or port has.
-- Grain: one series at fault.
select
    series,
    cargo,
    ports
from series
where
    cargo not in ('tanker', 'dry cargo')
    or (ports <> 'Iran' and ports not in (select water from port where country = 'IR'))
order by series

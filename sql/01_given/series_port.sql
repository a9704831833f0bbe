-- The Iranian ports of each series, with the weight of each in the share heard.
-- Grain: one series and port.
select
    series.series,
    series.cargo,
    port.port_id,
    -- Tanker calls weigh ports for tankers alone. For dry cargo no count of calls by port is at hand:
    -- its ports weigh the same, a choice.
    case when series.cargo = 'tanker' then port.usual_tanker_calls else 1 end::double as weight
from series
inner join port on port.country = 'IR' and series.ports in ('Iran', port.water)
order by series.series, port.port_id

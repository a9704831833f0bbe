-- The Iranian ports of each series, with the weight of each in the share heard.
-- Grain: one series and port.
-- Key: series, port_id.
select
    series.series,
    series.cargo,
    port.port_id,
    -- Tanker calls weigh ports for tankers alone. For dry cargo no count of calls by port is at hand:
    -- its ports weigh the same, a choice. One port alone needs no weight.
    case
        when series.cargo = 'tanker' and series.ports <> port.port_id then port.usual_tanker_calls
        else 1
    end::double as weight
from series
inner join port on port.country = 'IR' and series.ports in ('Iran', port.water, port.port_id)
order by series.series, port.port_id

-- How much of each week was heard on the coast as a whole and on each water, as the series barometer weighs it.
-- Grain: one week and water; water is null for the whole coast. Inputs: port_week, port.
with heard as (
    select
        port_week.week,
        port_week.week_start,
        unnest(
            [null, case when port.water = 'Caspian' then 'Caspian' else 'Gulf and Gulf of Oman' end]
        ) as water,
        port_week.port_id,
        port_week.observed_share::double as observed_share,
        port_week.usual_tanker_calls::double as usual_tanker_calls
    from port_week
    inner join port on port_week.port_id = port.port_id
    where port_week.usual_tanker_calls is not null
)

select
    week,
    week_start,
    water,
    -- A fixed order keeps the float sum the same.
    (
        list_sum(list(observed_share * usual_tanker_calls order by port_id))
        / list_sum(list(usual_tanker_calls order by port_id))
    )::float as observed_share
from heard
group by week, week_start, water
order by week, water

-- Share of each week that was heard, for all ports of a series and each water, weighted as in barometer.
-- Grain: one series, week and water; water is null for all ports of the series.
with port_share as (
    select
        series_port.series,
        port_week.week,
        port_week.week_start,
        unnest(
            [null, case when port.water = 'Caspian' then 'Caspian' else 'Gulf and Gulf of Oman' end]
        ) as water,
        port_week.port_id,
        port_week.observed_share::double as observed_share,
        series_port.weight
    from port_week
    inner join series_port on port_week.port_id = series_port.port_id
    inner join port on port_week.port_id = port.port_id
    where series_port.weight is not null
),

share as (
    select
        series,
        week,
        week_start,
        water,
        -- A fixed order makes the float sums reproducible.
        list_sum(list(weight order by port_id)) as weight,
        (
            list_sum(list(observed_share * weight order by port_id))
            / list_sum(list(weight order by port_id))
        )::float as observed_share
    from port_share
    group by series, week, week_start, water
),

-- The Caspian has a twentieth of the weight, and is where Russian ships call: the state of the coast
-- is that of the water with the lowest share.
worst as (
    select
        series,
        week,
        water,
        observed_share
    from share
    where water is not null
    qualify row_number() over (partition by series, week order by observed_share, water) = 1
)

select
    share.week,
    share.week_start,
    share.water,
    share.weight,
    share.observed_share,
    coalesce(share.water, worst.water) as worst_water,
    case when share.water is null then worst.observed_share else share.observed_share end
        as worst_share,
    share.series
from share
inner join worst on share.series = worst.series and share.week = worst.week
order by share.series, share.week, share.water

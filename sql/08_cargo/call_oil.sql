-- Whose oil each tanker call moved, as far as the ship's calls tell it, and how far it went by sea.
-- Grain: one counted call of a tanker (port_call_id).
with call as (
    select distinct
        counted_call.port_call_id,
        counted_call.hull_id,
        counted_call.port_id,
        port_call.arrived_at,
        cargo.direction,
        coalesce(cargo.direction_by = 'draught, against the terminal', false) as is_contested,
        cargo.laden_in,
        cargo.payload_mean_t,
        voyage.last_russian_call_id,
        voyage.next_russian_call_id
    from counted_call
    inner join port_call on counted_call.port_call_id = port_call.port_call_id
    inner join call_cargo as cargo on counted_call.port_call_id = cargo.port_call_id
    inner join call_voyage as voyage
        on
            counted_call.series = voyage.series
            and counted_call.port_call_id = voyage.port_call_id
),

-- 60 days: from the Baltic round Africa to the Gulf are some 11,500 nautical miles, 40 days at 12
-- knots, and ships wait; a choice. The pipeline terminal of the Caspian Pipeline Consortium (weak) ships
-- mostly Kazakh oil.
from_russia as (
    select
        call.port_call_id,
        russian.port_id,
        coalesce(russian.departed_at, russian.arrived_at) as left_at
    from call
    inner join trade_call as russian on call.last_russian_call_id = russian.port_call_id
    where
        russian.trade_tier <> 'weak'
        and coalesce(russian.departed_at, russian.arrived_at) >= call.arrived_at - interval 60 day
),

-- What was loaded in Iran since, or may have been, is no Russian oil.
loaded_since as (
    select distinct from_russia.port_call_id
    from from_russia
    inner join call on from_russia.port_call_id = call.port_call_id
    inner join call as other
        on
            call.hull_id = other.hull_id
            and other.arrived_at > from_russia.left_at
            and other.arrived_at < call.arrived_at
    where other.direction = 'loading' or other.is_contested
),

-- Most ships go to a Russian oil port to load: oil of Iran went there only if the ship came laden.
to_russia as (
    select
        call.port_call_id,
        russian.port_id
    from call
    inner join trade_call as russian on call.next_russian_call_id = russian.port_call_id
    inner join call_draught as drawn on russian.port_call_id = drawn.port_call_id
    inner join draught_state as state
        on
            drawn.hull_id = state.hull_id
            and drawn.draught_in_m = state.draught_m
    where
        russian.trade_tier <> 'weak'
        and russian.arrived_at <= call.arrived_at + interval 60 day
        and state.state = 'laden'
),

said as (
    select
        call.port_call_id,
        call.port_id,
        call.payload_mean_t,
        case when loaded_since.port_call_id is null then from_russia.left_at end as left_russia_at,
        date_diff('day', left_russia_at, call.arrived_at) as days_from_russia,
        case
            when call.is_contested then 'not known'
            when call.direction = 'loading' then 'Iranian oil likely loaded'
            when call.laden_in = 'ballast' then 'not known'
            when call.direction = 'discharging' and left_russia_at is not null
                then 'Russian oil likely delivered'
            when call.direction = 'discharging' then 'oil of unknown origin delivered'
            when call.laden_in = 'laden' and left_russia_at is not null
                then 'Russian oil likely on board'
            else 'not known'
        end as oil,
        case
            when call.direction = 'loading' then to_russia.port_id
            when oil = 'Russian oil likely delivered' then from_russia.port_id
        end as russian_port_id
    from call
    left join from_russia on call.port_call_id = from_russia.port_call_id
    left join loaded_since on call.port_call_id = loaded_since.port_call_id
    left join to_russia on call.port_call_id = to_russia.port_call_id
)

select
    said.port_call_id,
    said.oil,
    said.days_from_russia::smallint as days_from_russia,
    sailed.distance_nm::smallint as voyage_nm,
    said.payload_mean_t::bigint * sailed.distance_nm as tonne_miles
from said
left join sea_distance as sailed
    on
        said.port_id = sailed.port_id
        and said.russian_port_id = sailed.russian_port_id
order by said.port_call_id

-- Ships whose calls make the difference between two published counts.
-- Grain: one ship of one restatement (restatement_id, mmsi).
with called as (
    select
        restated.restatement_id,
        call.mmsi,
        call.imo,
        call.vessel_name,
        call.run_id,
        call.port_call_id,
        call.is_headline,
        call.area_kind = 'berth' as is_berth,
        case restated.number
            when 'port_calls' then call.link_tier = restated.link_tier
            when 'russian_linked_tanker_calls'
                then call.is_headline and call.link_tier in ('strong', 'moderate')
            when 'tanker_calls' then call.is_headline
            else
                call.is_headline
                and call.link_tier in ('strong', 'moderate')
                and call.area_kind = 'berth'
        end as is_in_number,
        call.run_id <= restated.old_run_id
        and coalesce(call.until_run_id > restated.old_run_id, true) as is_before,
        call.run_id <= restated.run_id
        and coalesce(call.until_run_id > restated.run_id, true) as is_after
    from restated
    inner join published_call as call
        on
            restated.series = call.series
            and restated.week = call.week
            and coalesce(restated.port_id = call.port_id, true)
    where restated.has_calls and call.is_counted
)

select
    restatement_id,
    mmsi,
    list(imo order by run_id desc, port_call_id)[1] as imo,
    list(vessel_name order by run_id desc, port_call_id)[1] as vessel_name,
    count(*) filter (where is_in_number and is_before) as calls_before,
    count(*) filter (where is_in_number and is_after) as calls_after,
    -- The same number of calls of the ship, of the same kinds: only the link differs.
    count(*) filter (where is_before) = count(*) filter (where is_after)
    and count(*) filter (where is_before and is_headline)
    = count(*) filter (where is_after and is_headline)
    and count(*) filter (where is_before and is_berth)
    = count(*) filter (where is_after and is_berth) as is_only_link
from called
group by restatement_id, mmsi
having
    count(*) filter (where is_in_number and is_before)
    <> count(*) filter (where is_in_number and is_after)
order by restatement_id, mmsi

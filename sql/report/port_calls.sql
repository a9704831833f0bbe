-- A week's tanker calls with the evidence for each, as the report's CSV.
-- Grain: one call of a tanker that arrived in $week.
-- Key: port_call_id.
with evidence as (
    select
        call_evidence.port_call_id,
        string_agg(
            concat_ws(
                ', ',
                link_source,
                reference,
                'listed ' || listed_on,
                'delisted ' || delisted_on,
                'by ' || matched_by
            ),
            '; ' order by
                list_position(['strong', 'moderate', 'weak'], call_evidence.link_tier),
                link_source,
                listed_on,
                reference,
                matched_by
        ) as evidence
    from call_evidence
    inner join port_call on call_evidence.port_call_id = port_call.port_call_id
    where port_call.week = $week
    group by call_evidence.port_call_id
)

select
    port_call.week,
    port_call.port_id,
    port.name as port_name,
    port.water,
    port_call.vessel_name,
    port_call.imo,
    port_call.mmsi,
    port_call.flag,
    port_call.area_kind,
    port_call.arrived_after,
    port_call.arrived_at,
    port_call.berthed_at,
    port_call.departed_at,
    port_call.departed_by,
    round(port_call.draught_in_m::double, 1) as draught_in_m,
    round(port_call.draught_out_m::double, 1) as draught_out_m,
    port_call.confidence,
    port_call.is_russian_linked,
    port_call.link_tier,
    port_call.link_reasons,
    evidence.evidence,
    port_call.was_known_at_call,
    port_call.is_iran_listed,
    coalesce(counted_call.is_headline, false) as is_in_headline,
    port_call.fixes,
    round(port_call.longest_gap_h::double, 1) as longest_gap_h,
    cargo.direction,
    cargo.direction_by,
    cargo.deadweight_t,
    cargo.deadweight_by,
    cargo.laden_in,
    cargo.laden_out,
    cargo.payload_t,
    cargo.payload_low_90_t,
    cargo.payload_high_90_t,
    cargo.payload_bbl,
    cargo.method,
    voyage.is_first_call,
    voyage.last_russian_port,
    voyage.last_russian_at,
    voyage.next_russian_port,
    voyage.next_russian_at,
    port_call.port_call_id,
    coalesce(counted_call.is_arrival, port_call.is_arrival) as is_arrival,
    oil.oil,
    hull.built_year,
    from_russia.distance_nm as last_russian_nm,
    to_russia.distance_nm as next_russian_nm,
    port_call.anchored_at,
    port_call.unberthed_at
from port_call
inner join port on port_call.port_id = port.port_id
left join evidence on port_call.port_call_id = evidence.port_call_id
left join counted_call
    on
        port_call.port_call_id = counted_call.port_call_id
        and counted_call.series = getvariable('series')
left join call_cargo as cargo on port_call.port_call_id = cargo.port_call_id
left join call_oil as oil on port_call.port_call_id = oil.port_call_id
left join call_voyage as voyage
    on
        port_call.port_call_id = voyage.port_call_id
        and voyage.series = getvariable('series')
left join hull on port_call.hull_id = hull.hull_id
left join trade_call as last_call on voyage.last_russian_call_id = last_call.port_call_id
left join sea_distance as from_russia
    on
        port_call.port_id = from_russia.port_id
        and last_call.port_id = from_russia.russian_port_id
left join trade_call as next_call on voyage.next_russian_call_id = next_call.port_call_id
left join sea_distance as to_russia
    on
        port_call.port_id = to_russia.port_id
        and next_call.port_id = to_russia.russian_port_id
where
    port_call.is_tanker
    and port_call.week = $week
order by
    port_call.is_russian_linked desc, port_call.arrived_at, port_call.port_call_id

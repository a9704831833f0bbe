-- A week's Russian-linked tanker calls by water, strength and kind of link, kind of tanker, direction, whose oil, and listing under programmes concerning Iran.
-- Grain: one dimension and value. Parameter: $week.
-- Key: dimension, value.
select
    week,
    dimension,
    "value",
    linked_calls,
    linked_berth_calls,
    linked_vessels,
    tanker_calls,
    linked_deadweight_t,
    linked_deadweight_calls,
    linked_payload_t,
    linked_payload_calls,
    round(observed_share::double, 4) as observed_share
from weekly_split
where series = getvariable('series') and week = $week
order by
    list_position(
        [
            'water', 'direction', 'link_tier', 'oil', 'link_reason', 'tanker_kind', 'iran_listed'
        ],
        dimension
    ),
    list_position(
        [
            'Gulf and Gulf of Oman', 'Caspian', 'loading', 'discharging',
            'Russian oil likely delivered', 'Russian oil likely on board',
            'Iranian oil likely loaded', 'oil of unknown origin delivered', 'strong', 'moderate',
            'weak', 'none', 'listed', 'flag', 'owner', 'trade', 'crude', 'product', 'chemical',
            'gas', 'yes', 'no', 'unknown', 'not known'
        ],
        "value"
    )

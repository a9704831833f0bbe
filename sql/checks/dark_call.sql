-- Possible dark calls while a call of the same hull or track lasted, of another length than one has, or whose neighbours were not heard.
-- Grain: one possible dark call at fault (dark_id).
with overlapped as (
    select distinct dark.dark_id
    from possible_dark_call as dark
    inner join port_call as call
        on
            (dark.track_id = call.track_id or dark.imo = call.imo)
            and call.arrived_at < dark.silent_to
            and coalesce(call.departed_at, 'infinity'::timestamp) > dark.silent_from
),

-- Heard meanwhile under any MMSI: some description of the hull held then and was sent then.
sent as (
    select distinct dark.dark_id
    from possible_dark_call as dark
    inner join vessel
        on
            dark.hull_id = vessel.hull_id
            and vessel.source = 'AIS'
            and (
                vessel.valid_from > dark.silent_from and vessel.valid_from < dark.silent_to
                or vessel.valid_to > dark.silent_from and vessel.valid_to < dark.silent_to
            )
)

select
    dark.dark_id,
    dark.hull_id,
    dark.silent_from,
    dark.silent_to,
    dark.neighbours_heard,
    overlapped.dark_id is not null as is_in_call,
    sent.dark_id is not null as was_heard
from possible_dark_call as dark
left join overlapped on dark.dark_id = overlapped.dark_id
left join sent on dark.dark_id = sent.dark_id
where
    overlapped.dark_id is not null
    or sent.dark_id is not null
    or dark.silent_to < dark.silent_from + interval 24 hour
    or dark.silent_to > dark.silent_from + to_days(rule('silence_days')::integer)
    or dark.neighbours_heard < 3
    or dark.week is distinct from strftime(dark.silent_from, '%G-W%V')
    or dark.link_tier not in ('strong', 'moderate', 'weak', 'none')
order by dark.dark_id

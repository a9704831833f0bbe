-- The time around each silence in which its own ship and others are looked for, with the ship's tracks.
-- Grain: one silence of a hull (hull_id, silent_from).
with period as (
    select
        silence.hull_id,
        silence.silent_from,
        list(
            {
                'track_id': spell.track_id,
                'mmsi': spell.mmsi,
                'first_day': greatest(spell.first_day, silence.silent_from::date - 21),
                'last_day': least(spell.last_day, silence.silent_to::date + 7)
            }
            order by spell.track_id, spell.first_day
        ) as tracks,
        list_sort(list(distinct spell.mmsi)) as mmsis
    from tanker_silence as silence
    inner join hull_spell as spell
        on
            silence.hull_id = spell.hull_id
            and spell.last_day >= silence.silent_from::date - 21
            and spell.first_day <= silence.silent_to::date + 7
    group by silence.hull_id, silence.silent_from
)

select
    silence.hull_id,
    silence.silent_from,
    silence.silent_to,
    silence.source,
    period.tracks,
    period.mmsis,
    -- An equally long time before it, and a week on either side for the draught, as for a call.
    least(silence.silent_from - (silence.silent_to - silence.silent_from), silence.silent_from - interval 7 day)
        as from_at,
    silence.silent_to + interval 7 day as to_at
from tanker_silence as silence
inner join period
    on silence.hull_id = period.hull_id and silence.silent_from = period.silent_from
order by silence.hull_id, silence.silent_from

-- What witnesses saw of ships, up to the as-of time; of an event that several files give, the newest version.
-- Grain: one event (witness_event_id).
with numbered as (
    select
        -- The publishers' own ids change when an event is drawn anew.
        md5(concat_ws(
            '|',
            witness_file.witness,
            event.kind,
            coalesce(event.mmsi::varchar, '-'),
            coalesce(event.imo::varchar, '-'),
            coalesce(event.place, '-'),
            strftime(event.began_at, '%Y-%m-%dT%H:%M:%S'),
            -- A detection has no ship: its place and number tell it apart. Null is passed over.
            case
                when event.kind = 'detection'
                    then concat_ws(' ', event.sensor, event.lons[1], event.lats[1], event.reference)
            end
        )) as witness_event_id,
        witness_file.witness,
        witness_file.file_number,
        witness_file.published_on,
        witness_file.file_id,
        event.* exclude (file)
    from witness_row as event
    inner join witness_file on event.file = witness_file.file_number
    cross join clock
    where event.began_at <= clock.as_of
),

newest as (
    select *
    from numbered
    qualify row_number() over (
        partition by witness_event_id
        order by published_on desc, file_number desc, line desc, reference, ended_at
    ) = 1
)

select
    newest.witness,
    newest.kind,
    newest.mmsi,
    newest.imo,
    -- A port that the file names by its LOCODE or our id, else the one that the place lies in.
    coalesce(named.port_id, newest.port_id) as port_id,
    newest.began_at::timestamp as began_at,
    newest.ended_at::timestamp as ended_at,
    round(newest.lons[1], 5) as lon,
    round(newest.lats[1], 5) as lat,
    newest.length_m,
    newest.confidence,
    newest.reference,
    newest.other_mmsi,
    newest.is_intentional,
    newest.witness_event_id,
    newest.published_on,
    newest.file_id,
    newest.sensor,
    newest.accuracy_m,
    case when newest.kind = 'detection' then newest.area_kind end as area_kind
from newest
left join port as named on newest.place = named.port_id
order by newest.began_at, newest.witness_event_id

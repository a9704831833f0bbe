-- Rows of a relation that share the key which should tell them apart. Fixes have a check of their own.
-- Grain: one relation and key at fault.
with keyed as (
    select 'source_file' as relation, file_id as key from source_file
    union all
    select 'port', port_id from port
    union all
    select 'port_area', area_id from port_area
    union all
    select 'meta', key from meta
    union all
    select 'run', run_id::varchar from run
    union all
    select 'run_file', concat_ws(' ', run_id, file_id) from run_file
    union all
    select 'run_register', concat_ws(' ', run_id, register) from run_register
    union all
    select 'published_port_calls', publication_id::varchar from published_port_calls
    union all
    select 'published_week', concat_ws(' ', series, week, run_id) from published_week
    union all
    select 'published_call', concat_ws(' ', series, port_call_id, run_id) from published_call
    union all
    select 'restatement', restatement_id::varchar from restatement
    union all
    select 'series', series from series
    union all
    select 'mid', mid::varchar from mid
    union all
    select 'week', week from week
    union all
    select 'heard_slot', concat_ws(' ', port_id, source, slot_at) from heard_slot
    union all
    select 'jammed_slot', concat_ws(' ', port_id, slot_at) from jammed_slot
    union all
    select 'weekly_water', concat_ws(' ', series, week, water) from weekly_water
    union all
    select 'evidence_at_hand', week from evidence_at_hand
    union all
    select 'series_window', concat_ws(' ', series, week, view, weeks) from series_window
    union all
    select 'observed_slot', concat_ws(' ', port_id, slot_at) from observed_slot
    union all
    select 'coverage', concat_ws(' ', port_id, day) from coverage
    union all
    select 'vessel', concat_ws(' ', track_id, valid_from) from vessel where source = 'AIS'
    union all
    select 'hull', hull_id from hull
    union all
    select 'register_ship', imo::varchar from register_ship
    union all
    select 'register_version', version::varchar from register_version
    union all
    select 'programme', concat_ws(' ', register, programme, is_prefix) from programme
    union all
    select 'trade_call', port_call_id from trade_call
    union all
    select 'port_call', port_call_id from port_call
    union all
    select 'counted_call', concat_ws(' ', series, port_call_id) from counted_call
    union all
    select 'coast_silence', concat_ws(' ', hull_id, silent_from) from coast_silence
    union all
    select 'possible_dark_call', dark_id from possible_dark_call
    union all
    select 'listed_nearby', concat_ws(' ', week, hull_id, port_id) from listed_nearby
    union all
    select 'port_week', concat_ws(' ', week, port_id) from port_week
    union all
    select 'barometer', concat_ws(' ', series, week) from barometer
    union all
    select 'call_cargo', port_call_id from call_cargo
    union all
    select 'call_oil', port_call_id from call_oil
    union all
    select
        'oil_volume',
        concat_ws(
            ' ',
            series,
            week,
            coalesce(water, 'all'),
            coalesce(direction, 'all'),
            coalesce(link_tier, 'all')
        )
    from oil_volume
)

select
    relation,
    key,
    count(*) as copies
from keyed
group by relation, key
having count(*) > 1 or key is null
order by relation, key

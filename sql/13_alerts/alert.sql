-- What a team is told of, from a rise to a call that it watches for; of the newest closed weeks.
-- Grain: one alert (alert_id).
-- Key: alert_id.
with changed_word as (
    select
        week,
        word,
        word_weeks,
        lag(word) over (order by week) as word_before
    from barometer
    where series = getvariable('series') and state <> 'open'
),

-- A rise over 13 weeks is one for weeks on end: alerted is the week with which it begins.
change as (
    select
        changed_word.word || ' ' || changed_word.week as alert_id,
        changed_word.word as kind,
        changed_word.week,
        alert_week.is_newest,
        alert_week.ends_at as since,
        changed_word.week as subject,
        format(
            '{} calls {}, {:.1f} a week, against {:.1f} a week in the {} weeks before',
            series_window.calls,
            case
                when series_window.weeks = 1 then 'in the week'
                else 'in the ' || series_window.weeks || ' weeks up to it'
            end,
            series_window.rate_a_week::double,
            series_window.before_rate_a_week::double,
            series_window.before_weeks
        ) as text,
        null as detail,
        format(
            'from series_window where series = ''{}'' and week = ''{}'' and weeks = {}',
            series_window.series,
            series_window.week,
            series_window.weeks
        ) as evidence
    from changed_word
    inner join alert_week on changed_word.week = alert_week.week
    inner join series_window
        on
            changed_word.week = series_window.week
            and changed_word.word_weeks = series_window.weeks
            and series_window.series = getvariable('series')
            and series_window.view = 'today'
    where
        changed_word.word in ('rise', 'fall')
        and changed_word.word is distinct from changed_word.word_before
),

newest as (
    select
        min(ends_at) as first_at,
        max(ends_at) as newest_at
    from alert_week
),

restated_week as (
    select
        concat(
            'restated ', restatement.week, ' on ', strftime(restatement.restated_at, '%Y-%m-%d %H:%M'),
            ' to ', coalesce(restatement.new_port_calls::varchar, 'no number')
        ) as alert_id,
        'restated' as kind,
        restatement.week,
        restatement.restated_at >= newest.newest_at as is_newest,
        restatement.restated_at as since,
        restatement.week as subject,
        format(
            'from {} to {} Russian-linked calls ({})',
            coalesce(restatement.old_port_calls::varchar, 'no number'),
            coalesce(restatement.new_port_calls::varchar, 'no number'),
            restatement.reasons
        ) as text,
        nullif(
            concat_ws(
                '; ',
                'came: ' || restatement.calls_came,
                'went: ' || restatement.calls_went
            ),
            ''
        ) as detail,
        'from restatement where restatement_id = ' || restatement.restatement_id as evidence
    from restatement
    inner join newest on restatement.restated_at >= newest.first_at
    where
        restatement.series = getvariable('series')
        and restatement.number = 'russian_linked_tanker_calls'
        and restatement.old_port_calls is distinct from restatement.new_port_calls
),

compared as (
    select
        publisher,
        series,
        scope,
        place,
        week,
        min(weeks) filter (where diverges) as weeks,
        lag(bool_or(coalesce(diverges, false))) over (
            partition by publisher, series, scope, place
            order by week
        ) as has_diverged
    from agreement
    group by publisher, series, scope, place, week
),

divergence as (
    select
        concat_ws(
            ' ', 'diverges', compared.publisher, compared.series, compared.scope, compared.place,
            compared.week
        ) as alert_id,
        'diverges' as kind,
        compared.week,
        alert_week.is_newest,
        alert_week.ends_at as since,
        compared.publisher || ', ' || compared.place as subject,
        format(
            '{} calls of ours to {:.0f} of theirs {}, against {} to {:.0f} in the {} weeks before',
            agreement.ours,
            agreement.theirs::double,
            case when agreement.weeks = 1 then 'in the week' else 'in ' || agreement.weeks || ' weeks' end,
            agreement.ours_before,
            agreement.theirs_before::double,
            agreement.before_heard_weeks
        ) as text,
        null as detail,
        format(
            'from agreement where publisher = ''{}'' and place = ''{}'' and week = ''{}'' and diverges',
            replace(compared.publisher, '''', ''''''),
            replace(compared.place, '''', ''''''),
            compared.week
        ) as evidence
    from compared
    inner join alert_week on compared.week = alert_week.week
    inner join agreement
        on
            compared.publisher = agreement.publisher
            and compared.series = agreement.series
            and compared.scope = agreement.scope
            and compared.place = agreement.place
            and compared.week = agreement.week
            and compared.weeks = agreement.weeks
    where not coalesce(compared.has_diverged, false)
),

heard as (
    select
        week,
        source,
        sum(heard_hours) as heard_hours,
        lag(sum(heard_hours)) over (partition by source order by week) as heard_hours_before
    from port_reception
    group by week, source
),

silence as (
    select
        'silent ' || heard.source || ' ' || heard.week as alert_id,
        'silent' as kind,
        heard.week,
        alert_week.is_newest,
        alert_week.ends_at as since,
        heard.source as subject,
        format(
            'no Iranian port heard in {}; {} port hours in the week before',
            heard.week,
            heard.heard_hours_before
        ) as text,
        null as detail,
        format(
            'from port_reception where source = ''{}'' and week = ''{}''',
            replace(heard.source, '''', ''''''),
            heard.week
        ) as evidence
    from heard
    inner join alert_week on heard.week = alert_week.week
    where heard.heard_hours = 0 and heard.heard_hours_before > 0
),

old_list as (
    select distinct
        'old list ' || link_source || ' ' || published_on as alert_id,
        'old list' as kind,
        null as week,
        true as is_newest,
        old_from::timestamp as since,
        link_source as subject,
        format(
            'from {}, older than {} days',
            strftime(published_on, '%-d %B %Y'),
            rule('list_old_days')::integer
        ) as text,
        null as detail,
        'from register_age where is_old' as evidence
    from register_age
    where is_old
),

watched as (
    select
        'call ' || port_call.port_call_id as alert_id,
        case when watched_call.is_by_first then 'first call' else 'watched call' end as kind,
        port_call.week,
        alert_week.is_newest,
        alert_week.ends_at as since,
        coalesce(port_call.vessel_name, 'a ship without a name') as subject,
        concat(
            'IMO ' || port_call.imo || ', ',
            'MMSI ' || port_call.mmsi,
            ', at ' || port_call.port_name,
            ' on ' || strftime(port_call.arrived_at, '%-d %B %Y, %H:%M') || ' UTC',
            case when not watched_call.is_by_first then '; watched: ' || watched_call.watched end
        ) as text,
        watched_call.notes as detail,
        format(
            'from port_call where port_call_id = ''{}''', port_call.port_call_id
        ) as evidence
    from watched_call
    inner join port_call on watched_call.port_call_id = port_call.port_call_id
    inner join alert_week on port_call.week = alert_week.week
),

every_alert as (
    from change
    union all by name
    from restated_week
    union all by name
    from divergence
    union all by name
    from silence
    union all by name
    from old_list
    union all by name
    from watched
)

select
    alert_id,
    kind,
    week,
    is_newest,
    since,
    subject,
    text,
    detail,
    evidence
from every_alert
order by alert_id

-- Comments on the relations of this folder and their columns, with units and the meaning of null.
-- Grain: one relation or column.

comment on table weekly_port_calls is 'Tanker calls by week, port and strength of the link to Russia, with their history of publication. A full grid: one row per week, port and link_tier, weeks without calls included.';
comment on column weekly_port_calls.week is 'ISO week of arrival such as 2026-W16, in UTC.';
comment on column weekly_port_calls.week_start is 'Monday of the week.';
comment on column weekly_port_calls.port_id is 'The port.';
comment on column weekly_port_calls.link_tier is 'Strength of the best evidence that links the ship to Russia: strong, moderate, weak, or none.';
comment on column weekly_port_calls.port_calls is 'Tanker calls with confidence 2 or more, anchorage calls of the same voyage included, so that the sum over ports may exceed the headline. A lower bound where the state is partial. Null: no call counted, and too few hours heard to report zero.';
comment on column weekly_port_calls.berth_calls is 'Of these, the calls at a berth. Null: no call counted, and too few hours heard to report zero.';
comment on column weekly_port_calls.vessels is 'Distinct ships of these calls, by hull. Null: no call counted, and too few hours heard to report zero.';
comment on column weekly_port_calls.observed_share is 'Share of the week''s hours in which the port was heard, 0 to 1; for an unfinished week, of the hours elapsed. Null: no hour has elapsed.';
comment on column weekly_port_calls.state is 'open: the week is not over or its input is not complete, the count is provisional; complete: at least 0.95 of its hours heard; partial: fewer, the count is a lower bound; unobserved: nothing counted and below 0.3.';
comment on column weekly_port_calls.first_published_at is 'As-of time of the run that first published a count for this row, UTC. Null: not published yet.';
comment on column weekly_port_calls.in_port_calls is 'Tankers first heard in port in the week that may have been there when reception of the port began: not arrivals, and not in port_calls. Null: none, and too few hours heard to report zero.';
comment on column weekly_port_calls.restated_from is 'The last published port_calls that differs from the current one. Null: never restated, or restated from null; restatement distinguishes the two and has every change with its reasons.';

comment on table published_port_calls is 'Every published version of each week, port and link_tier: closed weeks only, and only versions that differ from the previous one. One row per publication.';
comment on column published_port_calls.publication_id is 'Number of the publication, in order of publication.';
comment on column published_port_calls.published_at is 'As-of time of the run that published it, UTC.';
comment on column published_port_calls.run_id is 'That run; key of run. For publications that did not record it: the first run with that as-of time. Null: none is recorded.';
comment on column published_port_calls.week is 'ISO week such as 2026-W16, in UTC.';
comment on column published_port_calls.port_id is 'The port.';
comment on column published_port_calls.link_tier is 'strong, moderate, weak, or none.';
comment on column published_port_calls.port_calls is 'Tanker calls as in weekly_port_calls. Null: no call counted, and too few hours heard to report zero.';
comment on column published_port_calls.state is 'complete, partial or unobserved, as in weekly_port_calls.';

comment on table published_week is 'Every published version of each week''s headline: closed weeks only, and only versions that differ from the previous one. One row per week and run.';
comment on column published_week.week is 'ISO week such as 2026-W16, in UTC.';
comment on column published_week.published_at is 'As-of time of the run that published it, UTC.';
comment on column published_week.run_id is 'That run; key of run.';
comment on column published_week.russian_linked_tanker_calls is 'The headline, as in barometer. Null: no call counted, and too few hours heard to report zero.';
comment on column published_week.russian_linked_berth_calls is 'Of these, the calls at a berth. Null: no call counted, and too few hours heard to report zero.';
comment on column published_week.tanker_calls is 'Calls of all tankers. Null: no call counted, and too few hours heard to report zero.';
comment on column published_week.listed_calls is 'Of the headline''s calls, those of listed ships. Null: no call counted, and too few hours heard to report zero.';
comment on column published_week.flag_calls is 'Of the headline''s calls, those under the Russian flag. Null: no call counted, and too few hours heard to report zero.';
comment on column published_week.owner_calls is 'Of the headline''s calls, those with a Russian owner or manager. Null: no call counted, and too few hours heard to report zero, or no register with owners.';
comment on column published_week.trade_calls is 'Of the headline''s calls, those by trade. Null: no call counted, and too few hours heard to report zero, or no Russian oil port was heard.';
comment on column published_week.calls_known_at_call is 'barometer.calls_known_at_call as published. Null also where it was not yet recorded.';
comment on column published_week.observed_share is 'Share of the week''s hours that were heard, 0 to 1, rounded to three decimals as in the report. Null: no hour had elapsed.';
comment on column published_week.state is 'complete, partial or unobserved, as in barometer.';
comment on column published_week.word is 'barometer.word as published. Null also where it was not yet recorded.';

comment on table published_call is 'The tanker calls counted in each published week, with every change since. A call was counted at run r where is_counted and run_id <= r < until_run_id. One row per call and change.';
comment on column published_call.published_at is 'As-of time of the run that published it, UTC.';
comment on column published_call.run_id is 'That run; key of run.';
comment on column published_call.until_run_id is 'The run that published a change to the call. Null: still current.';
comment on column published_call.week is 'ISO week of arrival, in UTC.';
comment on column published_call.port_call_id is 'The call; key of port_call while the call is still detected.';
comment on column published_call.port_id is 'The port.';
comment on column published_call.is_counted is 'Whether it counts from this run on; false: it was counted and no longer is.';
comment on column published_call.link_tier is 'Strength of the link at that time, strong, moderate, weak or none; for a call no longer counted, the last value while it was.';
comment on column published_call.area_kind is 'berth or anchorage at that time; for a call no longer counted, the last value while it was.';
comment on column published_call.is_headline is 'Whether the series barometer counted it at that time, as in counted_call; for a call no longer counted, the last value while it was.';
comment on column published_call.vessel_name is 'Name of the ship as known at that time. Null: unknown.';
comment on column published_call.imo is 'IMO number as known at that time. Null: unknown.';
comment on column published_call.mmsi is 'The transmitter.';
comment on column published_call.arrived_at is 'First credible fix inside the port limit, UTC.';

comment on table restatement is 'Published numbers that a later run changed: old value, new value, and possible reasons, which are the inputs that changed in between. One row per changed number: the count or state of a week, port and link_tier, or a number of the whole coast; select one kind of number before summing.';
comment on column restatement.restatement_id is 'Number of the restatement, from 1 in the order of the runs.';
comment on column restatement.restated_at is 'As-of time of the run that changed the number, UTC.';
comment on column restatement.run_id is 'That run; key of run.';
comment on column restatement.week is 'ISO week such as 2026-W16, in UTC.';
comment on column restatement.port_id is 'The port. Null: a number of the whole coast.';
comment on column restatement.link_tier is 'strong, moderate, weak, or none. Null: a number of the whole coast.';
comment on column restatement.old_port_calls is 'The count as previously published. Null: no call counted, and too few hours heard to report zero; or the port had no fence.';
comment on column restatement.new_port_calls is 'The count as published since. Null: no call counted, and too few hours heard to report zero.';
comment on column restatement.old_state is 'The previous state: complete, partial or unobserved. Null: the port had no fence.';
comment on column restatement.new_state is 'The state as published since.';
comment on column restatement.reasons is 'Inputs that changed between the two publications and may have changed the number, separated by a semicolon and a space: late file (fixes from before the end of the week), later data (only fixes from after it), file gone, new listing (a version of a list has different data on a ship that makes the difference), link decision, changed fence, code version. unknown: none of these.';
comment on column restatement.detail is 'The files (three at most), lists and program versions concerned. Null: none to name.';
comment on column restatement.calls_came is 'The ships with more calls in the count than before. Null: none, or the older publication did not record its calls.';
comment on column restatement.calls_went is 'The ships with fewer calls in the count than before. Null: none, or the older publication did not record its calls.';
comment on column restatement.old_run_id is 'The run of the older publication; key of run. Null: none is recorded.';
comment on column restatement.number is 'The number that changed: port_calls, as in weekly_port_calls, or russian_linked_tanker_calls, russian_linked_berth_calls or tanker_calls, as in barometer.';

-- What the relations of this folder hold, by relation and column, with units.
-- Grain: one relation or column.

comment on table weekly_port_calls is 'Tanker calls by week, port and strength of the link to Russia, with their history of publication. A full grid: one row a week, port and link_tier, weeks without any call included.';
comment on column weekly_port_calls.week is 'ISO week of arrival such as 2026-W16, in UTC.';
comment on column weekly_port_calls.week_start is 'Its Monday.';
comment on column weekly_port_calls.port_id is 'The port.';
comment on column weekly_port_calls.link_tier is 'Strength of the best evidence that links the ship to Russia: strong, moderate, weak, or none.';
comment on column weekly_port_calls.port_calls is 'Tanker calls with confidence 2 and up, anchorage calls of the same voyage included, so the sum over ports may exceed the headline''s. At least so many where the state is partial. Null: none counted, and too little heard to say zero.';
comment on column weekly_port_calls.berth_calls is 'Of these, the calls at a berth. Null: none counted, and too little heard to say zero.';
comment on column weekly_port_calls.vessels is 'Different ships among the calls, by hull. Null: none counted, and too little heard to say zero.';
comment on column weekly_port_calls.observed_share is 'Share of the week''s hours in which the port was heard, 0 to 1; of an unfinished week, of the hours that have passed. Null: no hour has passed.';
comment on column weekly_port_calls.state is 'open: the week is not over or not all in, the count is so far; complete: 0.95 of its hours heard, or more; partial: fewer, a count is at least; unobserved: nothing counted and below 0.3.';
comment on column weekly_port_calls.first_published_at is 'As-of time of the run that first published a count for this row, UTC. Null: not published yet.';
comment on column weekly_port_calls.in_port_calls is 'Tankers that may have lain in port when reception of it began, first heard there in the week: no arrivals, and not in port_calls. Null: none, and too little heard to say zero.';
comment on column weekly_port_calls.restated_from is 'The last published port_calls that differs from the one now. Null: never restated, or restated from null; restatement tells the two apart, has every change and says why.';

comment on table published_port_calls is 'Every week, port and link_tier as it was published: weeks that were over, each version that differs from the one before. One row a publication.';
comment on column published_port_calls.publication_id is 'Number of the publication, in the order in which they came.';
comment on column published_port_calls.published_at is 'As-of time of the run that published it, UTC.';
comment on column published_port_calls.run_id is 'That run; key of run. Of publications that did not name it: the first run of that as-of time. Null: none is recorded.';
comment on column published_port_calls.week is 'ISO week such as 2026-W16, in UTC.';
comment on column published_port_calls.port_id is 'The port.';
comment on column published_port_calls.link_tier is 'strong, moderate, weak, or none.';
comment on column published_port_calls.port_calls is 'Tanker calls as in weekly_port_calls. Null: none counted, and too little heard to say zero.';
comment on column published_port_calls.state is 'complete, partial or unobserved, as in weekly_port_calls.';

comment on table published_week is 'The headline of every week as it was published: weeks that were over, each version that differs from the one before. One row a week and run.';
comment on column published_week.week is 'ISO week such as 2026-W16, in UTC.';
comment on column published_week.published_at is 'As-of time of the run that published it, UTC.';
comment on column published_week.run_id is 'That run; key of run.';
comment on column published_week.russian_linked_tanker_calls is 'The headline, as in barometer. Null: none counted, and too little heard to say zero.';
comment on column published_week.russian_linked_berth_calls is 'Of these, the calls at a berth. Null: none counted, and too little heard to say zero.';
comment on column published_week.tanker_calls is 'Calls of all tankers. Null: none counted, and too little heard to say zero.';
comment on column published_week.listed_calls is 'Of the headline''s calls, those of listed ships. Null: none counted, and too little heard to say zero.';
comment on column published_week.flag_calls is 'Of the headline''s calls, those under the Russian flag. Null: none counted, and too little heard to say zero.';
comment on column published_week.owner_calls is 'Of the headline''s calls, those with a Russian owner or manager. Null: none counted, and too little heard to say zero, or no register gave owners.';
comment on column published_week.trade_calls is 'Of the headline''s calls, those by trade. Null: none counted, and too little heard to say zero, or no Russian oil port was heard.';
comment on column published_week.calls_known_at_call is 'barometer.calls_known_at_call as published. Null also: published before it was kept.';
comment on column published_week.observed_share is 'Share of the week''s hours that were heard, 0 to 1, to three decimals as the report prints it. Null: no hour.';
comment on column published_week.state is 'complete, partial or unobserved, as in barometer.';
comment on column published_week.word is 'barometer.word as published. Null also: published before it was kept.';

comment on table published_call is 'Which tanker calls counted for a week that was published, and each change of that since. A call counted at a run r where is_counted and run_id <= r < until_run_id. One row a call and change.';
comment on column published_call.published_at is 'As-of time of the run that published it, UTC.';
comment on column published_call.run_id is 'That run; key of run.';
comment on column published_call.until_run_id is 'The run that published something else of the call. Null: it still stands.';
comment on column published_call.week is 'ISO week of arrival, in UTC.';
comment on column published_call.port_call_id is 'The call; key of port_call while it is found.';
comment on column published_call.port_id is 'The port.';
comment on column published_call.is_counted is 'Whether it counts from this run on; false: it did, and does no more.';
comment on column published_call.link_tier is 'Strength of the link then, strong, moderate, weak or none; of a call that counts no more, as it counted last.';
comment on column published_call.area_kind is 'berth or anchorage then; of a call that counts no more, as it counted last.';
comment on column published_call.is_headline is 'Whether the series barometer counted it then, as in counted_call; of a call that counts no more, as it counted last.';
comment on column published_call.vessel_name is 'Name of the ship as it was known then. Null: unknown.';
comment on column published_call.imo is 'IMO number as it was known then. Null: unknown.';
comment on column published_call.mmsi is 'The transmitter.';
comment on column published_call.arrived_at is 'First credible fix inside the port limit, UTC.';

comment on table restatement is 'Published numbers that a later run changed: old, new, and what came in between that can have changed them. One row a changed number: the count or state of a week, port and link_tier, or a number of the whole coast; take one kind of number before you sum.';
comment on column restatement.restatement_id is 'Number of the restatement, from 1 in the order of the runs.';
comment on column restatement.restated_at is 'As-of time of the run that changed it, UTC.';
comment on column restatement.run_id is 'That run; key of run.';
comment on column restatement.week is 'ISO week such as 2026-W16, in UTC.';
comment on column restatement.port_id is 'The port. Null: a number of the whole coast.';
comment on column restatement.link_tier is 'strong, moderate, weak, or none. Null: a number of the whole coast.';
comment on column restatement.old_port_calls is 'The count as it was published before. Null: none counted, and too little heard to say zero; or the port had no fence.';
comment on column restatement.new_port_calls is 'The count as it is since. Null: none counted, and too little heard to say zero.';
comment on column restatement.old_state is 'The state before: complete, partial or unobserved. Null: the port had no fence.';
comment on column restatement.new_state is 'The state since.';
comment on column restatement.reasons is 'What came in between the two publications and can have changed the count, parted by a semicolon: late file (fixes from before the end of the week), later data (only fixes from after it), file gone, new listing (a version of a list says something else of a ship that makes the difference), link decision, changed fence, code version. unknown: nothing of these.';
comment on column restatement.detail is 'The files (three at most), lists and versions of the program meant. Null: there is nothing to name.';
comment on column restatement.calls_came is 'The ships with more calls in the count than before. Null: none, or the older publication did not keep its calls.';
comment on column restatement.calls_went is 'The ships with fewer calls in the count than before. Null: none, or the older publication did not keep its calls.';
comment on column restatement.old_run_id is 'The run of the older publication; key of run. Null: none is recorded.';
comment on column restatement.number is 'The number that was changed: port_calls, as in weekly_port_calls, or russian_linked_tanker_calls, russian_linked_berth_calls or tanker_calls, as in barometer.';

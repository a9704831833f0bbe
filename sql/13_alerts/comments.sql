-- Comments on the relations of this folder and their columns, with units and the meaning of null.
-- Grain: one relation or column.

comment on table watchlist is 'The team''s watchlist (watchlist.csv in the home): ships, ports and lists whose calls are alerted. One row per row of the file that is valid.';
comment on column watchlist.line is 'Line of the file, from 1, the header.';
comment on column watchlist.kind is 'imo, mmsi, port, list or first-time caller.';
comment on column watchlist.value is 'IMO number, MMSI, port_id, or name of a list as in vessel_link.link_source. Null: first-time caller.';
comment on column watchlist.note is 'What the team wrote. Null: nothing.';

comment on table alert is 'What a team is told of, once each: of the newest closed weeks (rule alert_weeks), restatements since their end, and lists too old at the as-of time. Whether it was sent is in alert_delivery. One row per alert.';
comment on column alert.alert_id is 'Stable name of the alert: by it an alert is sent once, whatever runs, rebuilds and restatements follow.';
comment on column alert.kind is 'rise or fall, in the week with which it begins (barometer.word); restated, another headline number than published; diverges, a witness apart beyond chance, in the week with which it begins; silent, a source that heard Iranian ports in the week before and none in this; old list, older than {{ list_old_days }} days; watched call, of a ship, port or list in watchlist; first call, of a first-time caller.';
comment on column alert.week is 'ISO week concerned, in UTC. Null: an old list.';
comment on column alert.is_newest is 'Whether it concerns the newest closed week, came up since its end, or is an old list. A service that gets its first message gets these alone.';
comment on column alert.since is 'End of the week concerned; for restated the as-of time of the run, for an old list the day from which it is too old; UTC.';
comment on column alert.subject is 'What it is about: week, ship''s name, publisher and place, source or list. From outside, not made safe.';
comment on column alert.text is 'The finding in words of the program, without foreign text.';
comment on column alert.detail is 'Ships that came and went in a restatement, or the watchlist''s notes. From outside, not made safe. Null: nothing.';
comment on column alert.evidence is 'Query that shows the rows that it rests on.';

comment on table alert_delivery is 'Log of the alerts sent: a record before each attempt and one for each result. Clients other than barometer sql see it as of the last run. One row per record.';
comment on column alert_delivery.delivery_id is 'Number of the record, from 1, in the order written.';
comment on column alert_delivery.service is 'The service: kind, and a hash of its address by which it is told from others.';
comment on column alert_delivery.state is 'sending (before an attempt), sent, failed (the next run tries again), unclear (may have been delivered, and is not sent again), or passed over (not of the newest week when the service was set up). A record sending without a later record is unclear too.';
comment on column alert_delivery.recorded_at is 'When the record was written, UTC.';
comment on column alert_delivery.alert_ids is 'The alerts of the message; keys of alert while it holds them.';
comment on column alert_delivery.error is 'Why it failed or is unclear. Null: it succeeded, or no result yet.';

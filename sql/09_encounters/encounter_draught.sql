-- The draughts of two ships before and after they lay alongside.
-- Grain: one encounter of `unread` and ship (encounter_id, side).
with report as (
    select
        ship.encounter_id,
        ship.side,
        ship.began_at,
        ship.last_at,
        fix.reported_at,
        min(fix.draught_m)::double as draught_m
    from track_fix as fix
    inner join unread as ship
        on
            list_contains(ship.mmsis, fix.mmsi)
            and fix.reported_at between ship.from_at and ship.to_at
    where
        fix.mmsi in (select unnest(mmsis) from unread)
        and fix.reported_at between getvariable('unread').from_at and getvariable('unread').to_at
        and list_contains(ship.tracks, fix.track_id)
        -- 25.5 m in AIS means 25.5 or more (ITU-R M.1371).
        and fix.draught_m > 0
        and fix.draught_m < 25.5
        and fix.verdict <> 'implausible'
    group by ship.encounter_id, ship.side, ship.began_at, ship.last_at, fix.reported_at
),

-- The last one sent before, else the first one sent alongside.
before as (
    select
        encounter_id,
        side,
        coalesce(
            arg_max(draught_m, reported_at) filter (where reported_at <= began_at),
            arg_min(draught_m, reported_at) filter (where reported_at <= last_at)
        ) as draught_m
    from report
    group by encounter_id, side
),

-- Half a metre and more is no bunkers, ballast or trim (a choice, as in credible_draught). A sensor shows it
-- during the transfer and is right at its end; crews set it once, alongside or after.
after as (
    select
        report.encounter_id,
        report.side,
        arg_max(report.draught_m, report.reported_at) filter (
            where report.reported_at > report.began_at
            and report.reported_at <= report.last_at + interval 6 hour
        ) as soon_m,
        arg_min(report.draught_m, report.reported_at) filter (
            where report.reported_at > report.last_at + interval 6 hour
            and abs(report.draught_m - before.draught_m) >= 0.5 - 1e-6
        ) as later_m,
        arg_max(report.draught_m, report.reported_at) filter (where report.reported_at > report.last_at)
            as last_m
    from report
    inner join before on report.encounter_id = before.encounter_id and report.side = before.side
    group by report.encounter_id, report.side
)

select
    ship.encounter_id,
    ship.side,
    before.draught_m as before_m,
    case
        when abs(after.soon_m - before.draught_m) >= 0.5 - 1e-6 then after.soon_m
        else coalesce(after.later_m, after.last_m)
    end as after_m
from unread as ship
left join before on ship.encounter_id = before.encounter_id and ship.side = before.side
left join after on ship.encounter_id = after.encounter_id and ship.side = after.side
order by ship.encounter_id, ship.side

-- The acts under which ships are listed about Russia, where the address of the text is known.
-- Grain: one programme with such an act.
select
    programme,
    any_value(title order by register) as title,
    any_value(act_url order by register) as act_url
from programme
where act_url is not null
group by programme
order by programme

-- The Maritime Identification Digits, the first three of a ship's MMSI, and the flags they stand for.
-- Grain: one mid. Inputs: mid_table, from data/codes.
select
    mid,
    country_code,
    country_name
from mid_table
order by mid

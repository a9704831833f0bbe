-- Relations and columns of the catalogue that do not say what they are.
-- Grain: one relation or column at fault.
with described as (
    select
        table_name as relation,
        null as column_name,
        comment
    from duckdb_tables()
    where not internal and not temporary and database_name = current_database()
    union all
    select
        view_name as relation,
        null as column_name,
        comment
    from duckdb_views()
    where not internal and not temporary and database_name = current_database()
    union all
    select
        table_name as relation,
        column_name,
        comment
    from duckdb_columns()
    where not internal and database_name = current_database()
)

select
    relation,
    column_name
from described
where coalesce(trim(comment), '') = ''
order by relation, column_name

"""Tables as files that others read: Parquet, workbooks, and their description as a data package."""

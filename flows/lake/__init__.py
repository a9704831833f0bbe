"""The Parquet files and the manifest that names them, on a disk or on object storage."""

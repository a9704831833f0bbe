"""What carries a run: the steps in order, Prefect, Dask, the schedule."""

"""The steps from AIS files to the weekly report: plain functions, the Prefect flow, the command line."""

__version__ = "0.1.0"

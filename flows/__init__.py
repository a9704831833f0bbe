"""The steps from AIS files to the weekly report, the Prefect flow and the command line."""

__version__ = "0.1.0"

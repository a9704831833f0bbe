"""What SQL cannot do: the detector over every track, the statistics of the series."""

"""Public data sets, one file each, read into the same Sample record."""

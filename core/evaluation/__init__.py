"""Model × data set → record; studies and their tables."""

"""Other programs' files, one file a format, reader and writer together."""

"""Frame-exact video: an index by presentation time, a reader, a frame cache, a writer."""

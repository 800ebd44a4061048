"""Key-frame schedulers behind one protocol."""

"""The window (PySide6). It imports core; core never imports it."""

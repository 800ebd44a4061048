"""Finding faces, following them through time, and mapping crops to frames and back."""

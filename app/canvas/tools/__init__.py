"""What the mouse does to landmarks on the canvas."""

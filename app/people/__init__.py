"""Who is who in a clip: adding and deleting faces, names, and putting mixed-up people right."""

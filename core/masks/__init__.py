"""Label maps: from landmarks, to polygons and run-lengths, components, distance maps."""

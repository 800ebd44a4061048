"""Mathematics of correcting landmarks: points in, points out; nothing here knows of a window.

Points are (M, 2) float64 in frame pixels, NaN where one is missing; only placing, copying
and mirroring bring a missing point back.
Every function returns a new array and leaves points it is not about bit by bit as they were.
"""

"""What the landmark under the mouse is, in words."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from app import data_colours, schemes
from app.session import Session


def describe_point(session: Session, xy: NDArray[np.float64], reach_px: float) -> str:
    """Name, number, score and source of the nearest landmark; empty when none is near.

    Args:
        session: Whose shown faces are searched.
        xy: (2,) image coordinates of the mouse.
        reach_px: How far a landmark may be, in pixels of the clip.
    """
    if session.shown_frame_idx < 0 or session.overlays_hidden:
        return ""
    best: tuple[float, Any, int] | None = None
    for face in session.faces(session.shown_frame_idx):
        if face.landmarks is None or not np.isfinite(face.landmarks).any():
            continue
        distance = np.hypot(*(np.asarray(face.landmarks, dtype=np.float64) - xy).T)
        index = int(np.nanargmin(distance))
        if distance[index] <= reach_px and (best is None or distance[index] < best[0]):
            best = (float(distance[index]), face, index)
    return _in_words(session, best[1], best[2]) if best else ""


def _in_words(session: Session, face: Any, index: int) -> str:
    scheme = schemes.landmark_scheme(session.scheme_name(face))
    name = scheme.point_names[index] if scheme and index < scheme.num_points else ""
    sources = getattr(face, "point_sources", None)
    source = int(face.source if sources is None else sources[index])
    parts = [f"{index} {name}".strip(), session.name_of(face.track_id)]
    parts.append(data_colours.SOURCES.get(source, data_colours.UNKNOWN).title)
    if face.landmark_scores is not None:
        parts.append(f"confidence {face.landmark_scores[index]:.2f}")
    if face.visible is not None and not face.visible[index]:
        parts.append("hidden")
    return " · ".join(part for part in parts if part)

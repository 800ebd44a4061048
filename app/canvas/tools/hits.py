"""What is under the mouse: a handle, a landmark, landmarks inside a band."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QTransform

from app.canvas.tools.tool_layer import handle_places, screen_of
from app.correction.subject import Points
from app.session import Session

REACH = 9.0
"""How far from a point or handle a press still takes it, screen pixels."""


def handle_at(selected: Points, to_screen: QTransform, at: QPointF) -> str:
    """Name of the handle at a place of the screen; empty if there is none."""
    for name, place in handle_places(selected, to_screen).items():
        if np.hypot(place.x() - at.x(), place.y() - at.y()) <= REACH:
            return name
    return ""


def point_at(session: Session, to_screen: QTransform, at: QPointF) -> tuple[Any, int] | None:
    """Face and index of the landmark nearest to a place of the screen, None if none is near.

    The selected face's points win over those of others.
    """
    best: tuple[bool, float, Any, int] | None = None
    for face in session.faces(session.shown_frame_idx):
        if face.landmarks is None or not np.isfinite(face.landmarks).any():
            continue
        distance = _distances(face.landmarks, to_screen, at)
        index = int(np.nanargmin(distance))
        found = (face.track_id != session.selected_track, float(distance[index]), face, index)
        if distance[index] <= REACH and (best is None or found[:2] < best[:2]):
            best = found
    return (best[2], best[3]) if best else None


def point_distance(session: Session, to_screen: QTransform, at: QPointF) -> float:
    """Screen pixels from a place to the nearest landmark that is drawn; infinite without any."""
    if not session.layers["points"].visible:
        return float("inf")
    nearest = [
        float(np.nanmin(_distances(face.landmarks, to_screen, at)))
        for face in session.faces(session.shown_frame_idx)
        if face.landmarks is not None and np.isfinite(face.landmarks).any()
    ]
    return min(nearest, default=float("inf"))


def points_in(
    session: Session, to_screen: QTransform, band: QRectF
) -> tuple[Any, list[int]] | None:
    """The face with the most landmarks inside a band of the screen, and which they are.

    The selected face wins if it has any there.
    """
    found: list[tuple[bool, int, Any, list[int]]] = []
    for face in session.faces(session.shown_frame_idx):
        inside = [
            index
            for index, xy in enumerate(np.asarray(face.landmarks, dtype=np.float64))
            if np.isfinite(xy).all() and band.contains(screen_of(xy, to_screen))
        ] if face.landmarks is not None else []  # fmt: skip
        if inside:
            found.append((face.track_id == session.selected_track, len(inside), face, inside))
    best = max(found, key=lambda item: item[:2], default=None)
    return (best[2], best[3]) if best else None


def _distances(landmarks: Any, to_screen: QTransform, at: QPointF) -> Points:
    """From each landmark to a place of the screen, (M,) screen pixels, NaN where missing."""
    origin = screen_of(np.zeros(2), to_screen)
    x = np.asarray(landmarks[:, 0], np.float64) * to_screen.m11() + origin.x() - at.x()
    y = np.asarray(landmarks[:, 1], np.float64) * to_screen.m22() + origin.y() - at.y()
    return np.asarray(np.hypot(x, y))

"""Turns the session's state into the words of the HUD."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app import data_colours
from app.canvas.hud import HudContent, HudFace
from app.session import Session
from app.timecode import timecode


def hud_content(
    session: Session, frame_idx: int, faces: Sequence[Any], is_approximate: bool
) -> HudContent:
    """What the HUD says of a frame.

    Args:
        session: Tells time, names and selection.
        frame_idx: The frame on the canvas.
        faces: Its faces.
        is_approximate: Whether the frame only stands in for the one asked for.
    """
    if frame_idx < 0:
        return HudContent("")
    headline = f"{frame_idx:,} / {session.num_frames - 1:,}   {timecode(session.time_s(frame_idx))}"
    note = "near key frame" if is_approximate else ""
    if session.overlays_hidden and faces:
        note = "overlays hidden"
    return HudContent(headline, note, tuple(_line(session, frame_idx, face) for face in faces))


def _line(session: Session, frame_idx: int, face: Any) -> HudFace:
    review = getattr(face, "review", None)
    if review is None:
        review = session.columns.review[frame_idx] if frame_idx < session.columns.frames else 0
    return HudFace(
        name=session.name_of(face.track_id),
        colour=data_colours.face_colour(face.track_id, getattr(face, "colour", "")),
        source=data_colours.SOURCES.get(int(face.source), data_colours.UNKNOWN),
        review=data_colours.REVIEW_STATES.get(int(review), data_colours.UNKNOWN),
        confidence=float(face.score),
        is_selected=face.track_id == session.selected_track,
    )

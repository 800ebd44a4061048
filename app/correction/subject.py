"""The face an operation is about: where it is, what is known of it, in which scheme."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app import schemes
from app.session import Session
from app.viewing import NO_FACE

Points = NDArray[np.float64]

PERSON = 4
"""`core.annotations.records.Source.PERSON`; the store is not imported at the window's start."""
INTERPOLATED = 2
DERIVED = 3
APPROVED = 3
"""`ReviewState.APPROVED`."""
_DEFAULT_SCHEME = "ibug68"


@dataclass(frozen=True)
class Subject:
    """One face on one frame."""

    clip_id: str
    frame_idx: int
    track_id: int
    scheme: Any
    """LandmarkScheme."""
    face: Any = None
    """ShownFace; None where the face is not on the frame yet."""

    @property
    def count(self) -> int:
        """M."""
        return int(self.scheme.num_points)

    @property
    def xy(self) -> Points:
        """(M, 2), NaN where a point is missing; all NaN for a face that has no landmarks."""
        if self.face is None or self.face.landmarks is None:
            return np.full((self.count, 2), np.nan)
        return np.array(self.face.landmarks, dtype=np.float64)

    @property
    def visible(self) -> NDArray[np.bool_]:
        """(M,); points nothing is said of are visible."""
        known = getattr(self.face, "visible", None)
        return np.ones(self.count, bool) if known is None else np.array(known, dtype=bool)

    @property
    def sources(self) -> NDArray[np.uint8]:
        """(M,) Source of each point as it is shown."""
        known = getattr(self.face, "point_sources", None)
        if known is None:
            source = PERSON if self.face is None else int(self.face.source)
            return np.full(self.count, source, np.uint8)
        return np.array(known, dtype=np.uint8)

    @property
    def edited(self) -> NDArray[np.bool_]:
        """(M,) points a person set by hand."""
        known = getattr(self.face, "edited", None)
        return np.zeros(self.count, bool) if known is None else np.array(known, dtype=bool)

    @property
    def is_approved(self) -> bool:
        """Whether somebody has approved the face on this frame."""
        return int(getattr(self.face, "review", 0)) == APPROVED


def subject_of(session: Session, face: Any, frame_idx: int) -> Subject | None:
    """A face of the open clip as a subject; None if its scheme is not known here."""
    scheme = schemes.landmark_scheme(session.scheme_name(face) or _clip_scheme(session))
    fits = face.landmarks is None or (
        scheme is not None and len(face.landmarks) == scheme.num_points
    )
    if session.entry is None or scheme is None or not fits:
        return None
    return Subject(session.entry.clip_id, frame_idx, face.track_id, scheme, face)


def chosen_subject(session: Session, frame_idx: int | None = None) -> Subject | None:
    """The selected face of a frame, or its only one; None if that cannot be told."""
    here = session.frame_idx if frame_idx is None else frame_idx
    faces = list(session.faces(here))
    chosen = [face for face in faces if face.track_id == session.selected_track]
    if not chosen and len(faces) == 1 and session.selected_track == NO_FACE:
        chosen = faces
    return subject_of(session, chosen[0], here) if chosen else None


def absent_subject(session: Session) -> Subject | None:
    """The face to be placed on a frame where nothing is selected that is there.

    The selected person if they are not on the frame, else the first person of the clip who is not,
    else a new one.
    """
    if session.entry is None or session.document is None or session.clip is None:
        return None
    scheme = schemes.landmark_scheme(_clip_scheme(session))
    present = {face.track_id for face in session.faces(session.frame_idx)}
    known = [session.selected_track, *session.columns.track_ids]
    free = [track for track in known if track != NO_FACE and track not in present]
    track = free[0] if free else session.document.new_track_id(session.entry.clip_id)
    return Subject(session.entry.clip_id, session.frame_idx, track, scheme)


def _clip_scheme(session: Session) -> str:
    """Scheme of a face that has no landmarks yet: the clip's, else the most common one."""
    known = None
    if session.document is not None and session.entry is not None:
        known = session.document.landmark_scheme(session.entry.clip_id)
    return known or _DEFAULT_SCHEME

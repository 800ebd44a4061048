"""A face as it is in the middle of a drag, for drawing."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

import numpy as np

from app.correction.subject import PERSON, Points, Subject


def live_face(subject: Subject, xy: Points, members: Iterable[int]) -> Any:
    """A copy of the subject's face with other landmarks, those of a person where they move.

    Args:
        subject: The face as it is stored; one that is not on the frame yet is made up.
        xy: (M, 2) its landmarks now.
        members: The points that move.
    """
    face = copy.copy(subject.face) if subject.face is not None else _face_to_be(subject, xy)
    moving = np.isin(np.arange(subject.count), list(members))
    face.landmarks = xy
    face.edited = subject.edited | moving
    face.point_sources = np.where(moving, np.uint8(PERSON), subject.sources)
    return face


def _face_to_be(subject: Subject, xy: Points) -> Any:
    from core.annotations.records import ShownFace, Source
    from core.geometry import box_of_points

    box = box_of_points(xy).astype(np.float32)
    scheme = subject.scheme.name
    return ShownFace(subject.track_id, box, 1.0, source=Source.PERSON, landmark_scheme=scheme)

"""Turns new places of landmarks into edits of the project, one command each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.correction.subject import PERSON, Points, Subject
from app.session import Session
from core.geometry import apply_affine, box_centre_size, box_from_centre, fit_similarity


class PointEditor:
    """Makes edits and lets the session apply them."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def place(self, subject: Subject, xy: Points, members: Iterable[int], what: str) -> bool:
        """Put points where a person says; nothing is recorded where nothing moves.

        Args:
            subject: The face.
            xy: (M, 2), all points; those that are no members do not count.
            members: The points placed.
            what: For the undo menu.

        Returns:
            Whether it was done, or nothing was to be done.
        """
        chosen = mask_of(members, subject.count)
        with np.errstate(invalid="ignore"):
            same = np.abs(xy - subject.xy) < 1e-6
        same |= np.isnan(xy) & np.isnan(subject.xy)
        if subject.face is not None and same[chosen].all():
            return True
        sources = np.full(subject.count, PERSON, np.uint8)
        edits = [points_edit(subject, xy, chosen, sources, what=what)]
        box = _box_along(subject, xy) if chosen.all() else None
        if box is not None:
            edits.append(_box_edit(subject, box))
        return self.apply_all(edits, what, skip_approved=False)

    def set_visible(self, subject: Subject, members: Iterable[int], visible: bool) -> bool:
        """Say of points that are there whether they can be seen."""
        chosen = mask_of(members, subject.count) & np.isfinite(subject.xy).all(axis=1)
        if not chosen.any():
            return False
        shown = subject.visible
        shown[chosen] = visible
        what = "show landmarks" if visible else "hide landmarks"
        edits = [
            points_edit(subject, subject.xy, part, subject.sources, by_hand, shown, what)
            for by_hand in (True, False)
            if (part := chosen & (subject.edited == by_hand)).any()
        ]  # fmt: skip
        return self.apply_all(edits, what, skip_approved=False)

    def reset(self, subject: Subject, members: Iterable[int]) -> bool:
        """Show points as the run has them again."""
        from core.annotations.point_edits import ResetPoints

        chosen = mask_of(members, subject.count)
        return self._session.apply(
            ResetPoints(
                subject.clip_id, subject.track_id, subject.frame_idx, subject.scheme.name, chosen
            )
        )

    def apply_all(self, edits: Sequence[Any], what: str, skip_approved: bool = True) -> bool:
        """Apply edits as one command."""
        if not edits:
            return False
        if len(edits) == 1 and not skip_approved:
            return self._session.apply(edits[0])
        return self._session.apply(composite(edits, what, skip_approved))


def _box_along(subject: Subject, xy: Points) -> NDArray[np.float32] | None:
    """The box (4,) of a face all of whose points move: it goes and grows with them."""
    if subject.face is None or not np.isfinite(subject.face.box_xyxy).all():
        return None
    try:
        matrix = fit_similarity(subject.xy, xy)
    except ValueError:
        return None
    middle, size = box_centre_size(subject.face.box_xyxy)
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    return box_from_centre(apply_affine(matrix, middle), scale * size).astype(np.float32)


def _box_edit(subject: Subject, box_xyxy: NDArray[np.float32]) -> Any:
    from core.annotations.edits import SetBox

    return SetBox(subject.clip_id, subject.track_id, subject.frame_idx, box_xyxy)


def points_edit(
    subject: Subject,
    xy: Points,
    members: NDArray[np.bool_],
    sources: NDArray[np.uint8],
    by_hand: bool = True,
    visible: NDArray[np.bool_] | None = None,
    what: str = "move landmarks",
) -> Any:
    """The edit (`SetPoints`) that decides some points of a face, not applied yet."""
    from core.annotations.point_edits import SetPoints

    return SetPoints(
        subject.clip_id,
        subject.track_id,
        subject.frame_idx,
        subject.scheme.name,
        members,
        np.asarray(xy, dtype=np.float32),
        sources,
        by_hand,
        visible,
        adds_face=subject.face is None,
        what=what,
    )


def composite(edits: Sequence[Any], what: str, skip_approved: bool = True) -> Any:
    """Edits as one command (`CompositeEdit`)."""
    from core.annotations.edits import CompositeEdit

    return CompositeEdit(what, tuple(edits), skip_approved)


def mask_of(members: Iterable[int], count: int) -> NDArray[np.bool_]:
    """Indices as a mask, (count,)."""
    mask = np.zeros(count, bool)
    mask[[index for index in members if index < count]] = True
    return mask

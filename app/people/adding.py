"""Adding a face by its box, and finding the landmarks of a face anew in another box.

The box is recorded at once, with a mean face in it; when the model has answered, its landmarks take
that command's place, so that one step of undo takes both back. An answer that is not for what is
shown any more is dropped: the mean face stays.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Slot

from app.correction.editor import points_edit
from app.correction.subject import DERIVED, Subject, subject_of
from app.people.face_finder import FaceAnswer, FaceFinder, FaceRequest
from app.people.roster import chosen_track, frames_of
from app.session import Session
from app.viewing import NO_FACE

if TYPE_CHECKING:
    from core.annotations.history import AppliedEdit

_HEAVY = 0
"""`core.annotations.records.Source.HEAVY`."""
_SAME_PERSON_FRAMES = 25
_SAME_PERSON_IOU = 0.1
"""Somebody who was that near lately, and is not on this frame, is who is added."""
_AGAIN = "Shift+R finds its landmarks"


@dataclass(frozen=True, eq=False)
class _Pending:
    """A command that waits for the model."""

    request: FaceRequest
    applied: AppliedEdit | None
    """None for a question about a face as it is."""
    edits: tuple[Any, ...]
    """What it did, to be done again together with the landmarks."""
    what: str


class FaceAdder(QObject):
    """Records boxes and lands the model's answers."""

    def __init__(self, session: Session, shown_rgb: Callable[[], Any]) -> None:
        """Take the session, and where the pixels of the frame on the canvas come from."""
        super().__init__(session)
        self._session = session
        self._shown_rgb = shown_rgb
        self._serials = count(1)
        self._pending: _Pending | None = None
        self.finder = FaceFinder(self)
        self.finder.loading.connect(self._on_loading)
        self.finder.found.connect(self._on_found)
        self.finder.failed.connect(self._on_failed)

    @property
    def is_waiting(self) -> bool:
        """Whether a model's answer is waited for."""
        return self._pending is not None

    def proposed_box(self) -> NDArray[np.float32]:
        """A box to begin with, (4,): where the person added was last, else the frame's middle."""
        session = self._session
        for track in self._absent_people():
            box = self._last_box(track)
            if box is not None:
                return box
        clip = session.clip
        width, height = (clip.width, clip.height) if clip is not None else (0, 0)
        half = np.array([0.15, 0.2]) * min(width, height)
        middle = np.array([width, height]) / 2
        return np.concatenate([middle - half, middle + half]).astype(np.float32)

    def add(self, box_xyxy: NDArray[np.floating[Any]]) -> None:
        """Add a face to this frame."""
        from core.annotations.edits import AddFace

        session, box = self._session, np.asarray(box_xyxy, np.float32)
        if session.document is None or session.entry is None or session.clip is None:
            return
        clip_id, frame = session.entry.clip_id, session.frame_idx
        track = self._who(box)
        subject = subject_of(session, _Nobody(track), frame)
        if subject is None:
            return
        edits = [AddFace(clip_id, track, frame, box), self._mean_face(subject, box)]
        if self._start("add face", tuple(edits), subject, box):
            session.select_face(track)
            session.hub.info(f"{session.name_of(track)} is added; its landmarks are being found…")

    def move_box(self, face: Any, box_xyxy: NDArray[np.floating[Any]]) -> None:
        """Give a face of this frame another box, and find its landmarks in it."""
        from core.annotations.edits import SetBox

        session, box = self._session, np.asarray(box_xyxy, np.float32)
        subject = subject_of(session, face, session.frame_idx)
        if subject is not None:
            edit = SetBox(subject.clip_id, subject.track_id, subject.frame_idx, box)
            self._start("set box", (edit,), subject, box)

    def find_again(self) -> None:
        """Run the model on the selected face of this frame, in its box."""
        session = self._session
        track = chosen_track(session)
        faces = [f for f in session.faces(session.frame_idx) if f.track_id == track]
        subject = subject_of(session, faces[0], session.frame_idx) if faces else None
        if subject is None or not np.isfinite(subject.face.box_xyxy).all():
            session.hub.info("Select a face of this frame first (F, or a click).")
            return
        if subject.is_approved:
            session.hub.info("This face is approved; take the approval back first (M).")
            return
        self._ask(None, "find landmarks", (), subject, np.asarray(subject.face.box_xyxy))

    def close(self) -> None:
        """End the thread."""
        self._pending = None
        self.finder.close()

    # Asking

    def _start(
        self, what: str, edits: tuple[Any, ...], subject: Subject, box: NDArray[np.float32]
    ) -> bool:
        """Record what is known without the model, then ask it."""
        from core.annotations.edits import CompositeEdit

        session = self._session
        session.set_playing(False)
        if not session.apply(CompositeEdit(what, edits, skip_approved=False)):
            return False
        if session.edits.last is not None and session.edits.last.seq:
            self._ask(session.edits.last, what, edits, subject, box)
        return True

    def _ask(
        self,
        applied: AppliedEdit | None,
        what: str,
        edits: tuple[Any, ...],
        subject: Subject,
        box: NDArray[np.float32],
    ) -> None:
        session = self._session
        rgb = self._shown_rgb()
        if rgb is None or session.shown_frame_idx != session.frame_idx or session.document is None:
            session.hub.info(f"The frame is still being read; {_AGAIN} when it is there.")
            return
        request = FaceRequest(
            next(self._serials), session.document.path, subject.clip_id, subject.frame_idx,
            subject.track_id, box, rgb, session.document.landmark_model(subject.clip_id),
            subject.scheme,
        )  # fmt: skip
        self._pending = _Pending(request, applied, edits, what)
        self.finder.request(request)

    def _mean_face(self, subject: Subject, box: NDArray[np.float32]) -> Any:
        """The edit that puts the mean face into a box."""
        from core.faces.correction.template import placed_in_box

        xy = placed_in_box(subject.scheme, box)
        members: NDArray[np.bool_] = np.asarray(np.isfinite(xy).all(axis=1))
        sources = np.full(subject.count, DERIVED, np.uint8)
        return points_edit(subject, xy, members, sources, by_hand=False, what="add face")

    # Landing

    @Slot()
    def _on_loading(self) -> None:
        self._session.hub.info("The landmark model is being loaded…")

    @Slot(object)
    def _on_found(self, answer: FaceAnswer) -> None:
        pending = self._pending
        if pending is None or answer.request.serial != pending.request.serial:
            return  # something else was asked for since
        self._pending = None
        subject = self._still_there(pending)
        if subject is None:
            self._session.hub.info(
                "The model's answer came too late for a face that has changed or is no longer"
                f" shown, and was dropped; {_AGAIN}."
            )
            return
        if not np.isfinite(answer.xy).all(axis=1).any():
            self._session.hub.warning(f"The model finds no landmarks in this box. {answer.note}")
            return
        if self._land(pending, subject, answer):
            self._say(answer, subject)

    @Slot(object, str, str)
    def _on_failed(self, request: FaceRequest, sentence: str, details: str) -> None:
        pending = self._pending
        if pending is None or request.serial != pending.request.serial:
            return
        self._pending = None
        kept = "The box stays with a mean face in it" if pending.edits else "Nothing has changed"
        self._session.hub.warning(f"{sentence} {kept}; you can place the landmarks.", details)

    def _still_there(self, pending: _Pending) -> Subject | None:
        """The face as it is now, if it is shown and nothing about it has changed since."""
        session, request = self._session, pending.request
        document, entry = session.document, session.entry
        if document is None or entry is None or document.path != request.project:
            return None
        if entry.clip_id != request.clip_id or session.frame_idx != request.frame_idx:
            return None
        if document.landmark_model(entry.clip_id) != request.model:
            return None
        for face in session.faces(request.frame_idx):
            if face.track_id == request.track_id and np.allclose(
                face.box_xyxy, request.box_xyxy, atol=1e-3
            ):
                subject = subject_of(session, face, request.frame_idx)
                return None if subject is None or subject.is_approved else subject
        return None

    def _land(self, pending: _Pending, subject: Subject, answer: FaceAnswer) -> bool:
        """Record the landmarks, those set by hand left as they are."""
        from core.annotations.edits import CompositeEdit

        members = np.isfinite(answer.xy).all(axis=1) & ~subject.edited
        sources = np.full(subject.count, _HEAVY, np.uint8)
        points = points_edit(subject, answer.xy, members, sources, by_hand=False, what=pending.what)
        session = self._session
        if pending.applied is None or not session.edits.is_last(pending.applied):
            return session.apply(CompositeEdit(pending.what, (points,), skip_approved=False))
        whole = CompositeEdit(pending.what, (*pending.edits, points), skip_approved=False)
        return session.edits.amend(pending.applied, whole)

    def _say(self, answer: FaceAnswer, subject: Subject) -> None:
        session = self._session
        name = session.name_of(subject.track_id)
        kept = int(subject.edited.sum())
        stays = f"; {kept} set by hand stay" if kept else ""
        text = f"{name}: landmarks found, confidence {answer.score:.2f}{stays}. {answer.note}"
        if answer.is_sure:
            session.hub.info(text.strip())
        else:
            session.hub.warning(f"{text.strip()} The model is not sure that there is a face.")

    # Who

    def _who(self, box: NDArray[np.float32]) -> int:
        """The person a new face is: the selected one who is missing here, one who was here, new."""
        from core.geometry import box_iou

        session = self._session
        assert session.document is not None  # see add
        assert session.entry is not None
        absent = self._absent_people()
        if session.selected_track != NO_FACE and session.selected_track in absent:
            return session.selected_track
        for track in absent:
            near = self._last_box(track)
            if near is not None and float(box_iou(near, box)[0, 0]) > _SAME_PERSON_IOU:
                return track
        return session.document.new_track_id(session.entry.clip_id)

    def _absent_people(self) -> list[int]:
        """Who is not on this frame: the selected person first, then the one seen last."""
        session = self._session
        here = {face.track_id for face in session.faces(session.frame_idx)}
        hidden: frozenset[int] = frozenset()
        if session.document is not None and session.entry is not None:
            hidden = session.document.hidden_people(session.entry.clip_id)
        absent = [t for t in session.columns.track_ids if t not in here and t not in hidden]
        return sorted(absent, key=lambda t: (t != session.selected_track, self._gap(t)))

    def _gap(self, track: int) -> int:
        frames = frames_of(self._session, track)
        return int(np.abs(frames - self._session.frame_idx).min()) if len(frames) else 1 << 30

    def _last_box(self, track: int) -> NDArray[np.float32] | None:
        """The box (4,) of a person on the nearest frame, if that is near."""
        session = self._session
        frames = frames_of(session, track)
        if session.document is None or session.entry is None or not len(frames):
            return None
        nearest = int(frames[np.abs(frames - session.frame_idx).argmin()])
        if abs(nearest - session.frame_idx) > _SAME_PERSON_FRAMES:
            return None
        for face in session.document.shown(session.entry.clip_id, nearest, masks=False):
            if face.track_id == track and np.isfinite(face.box_xyxy).all():
                return np.asarray(face.box_xyxy, np.float32)
        return None


class _Nobody:
    """A face that is not there yet, as far as `subject_of` asks."""

    landmarks = None
    landmark_scheme = None

    def __init__(self, track_id: int) -> None:
        self.track_id = track_id

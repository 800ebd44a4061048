"""Which landmarks of the selected face are selected. They stay so from frame to frame."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QObject, Signal, Slot

from app.session import Session


class PointSelection(QObject):
    """Indices into the scheme of the selected face.

    Signals:
        changed: Other points are selected. Canvas and actions listen.
    """

    changed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._points: frozenset[int] = frozenset()
        self._is_choosing = False
        session.face_selected.connect(self._on_face_selected)
        session.clip_changed.connect(self.clear)

    @property
    def points(self) -> frozenset[int]:
        """The selected points."""
        return self._points

    def choose(self, track_id: int, points: Iterable[int]) -> None:
        """Select points of a face, and the face."""
        self._is_choosing = True
        self._session.select_face(track_id)
        self._is_choosing = False
        self._set(frozenset(points))

    def toggle(self, track_id: int, points: Iterable[int]) -> None:
        """Add points of a face, or take away those that are selected already."""
        kept = self._points if track_id == self._session.selected_track else frozenset()
        self.choose(track_id, kept ^ frozenset(points))

    @Slot()
    def clear(self) -> None:
        """Select no point; the face stays selected."""
        self._set(frozenset())

    def _set(self, points: frozenset[int]) -> None:
        if points != self._points:
            self._points = points
            self.changed.emit()

    @Slot(int)
    def _on_face_selected(self, track_id: int) -> None:
        if not self._is_choosing:
            self.clear()

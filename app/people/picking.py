"""Waiting for a second face: "swap with…" is answered by a click, a number or the list."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal, Slot

from app.session import Session


class Picking(QObject):
    """At most one question at a time.

    Signals:
        changed: A question began or ended. Canvas tools and the list of people listen.
    """

    changed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._take: Callable[[int], None] | None = None
        self._question = ""
        self._tracks: tuple[int, ...] = ()
        session.clip_changed.connect(self.cancel)
        session.frame_changed.connect(self.cancel)
        session.data_changed.connect(self.cancel)

    @property
    def is_active(self) -> bool:
        """Whether a face is waited for."""
        return self._take is not None

    @property
    def hint(self) -> str:
        """The question with the answers that keys give."""
        if self._take is None:
            return ""
        numbered = [
            f"{number}  {self._session.name_of(track)}"
            for track in self._tracks
            if (number := self.number_of(track)) <= 9
        ]
        answers = "     ".join(["click a face", *numbered, "Esc: leave"])
        return f"{self._question}     {answers}"

    def ask(self, question: str, tracks: list[int], take: Callable[[int], None]) -> None:
        """Wait for one of these faces.

        Args:
            question: What it is for: "Swap Anna with".
            tracks: Who can be the answer.
            take: Called with the track, once.
        """
        self._question, self._tracks, self._take = question, tuple(tracks), take
        self.changed.emit()

    def number_of(self, track: int) -> int:
        """What a key chooses a person by, from 1; beyond all keys for one not in the list."""
        tracks = self._session.columns.track_ids
        return tracks.index(track) + 1 if track in tracks else len(tracks) + 10

    def choose(self, track: int) -> None:
        """Answer; somebody who is no answer leaves the question open."""
        if self._take is None or track not in self._tracks:
            return
        take, self._take = self._take, None
        self.changed.emit()
        take(track)

    def choose_number(self, number: int) -> None:
        """Answer by number."""
        self.choose(next((t for t in self._tracks if self.number_of(t) == number), -1))

    @Slot()
    def cancel(self) -> None:
        """Leave the question unanswered."""
        if self._take is not None:
            self._take = None
            self.changed.emit()

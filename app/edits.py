"""The session's edits: applied to the store and mirrored on Qt's undo stack."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QUndoStack

from app.slow_edits import SlowEdits
from core.errors import CoreError

if TYPE_CHECKING:  # the store imports HDF5 and SQLite: not at the start of the window
    from app.session import Session
    from core.annotations.history import AppliedEdit


class Edits(QObject):
    """Applies edits to the session's document; the project's own history is the truth."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self.stack = QUndoStack(self)
        self.slow = SlowEdits(session, self._take)
        """Edits over so many frames that they are made in a thread."""
        self.last: AppliedEdit | None = None
        """What the last call of `apply` or `amend` came to; None where it failed."""

    def apply(self, edit: Any) -> bool:
        """Apply an edit and put it on the stack.

        Returns:
            Whether it was done; a failure has been told and nothing has changed.
        """
        session = self._session
        self.last = None
        if session.document is None or self.slow.refuses():
            return False
        try:
            applied = session.document.apply(edit, session.settings.value("annotator"))
        except (CoreError, ValueError) as error:
            session.hub.error(error)
            return False
        self._take(applied)
        return True

    def is_last(self, applied: AppliedEdit) -> bool:
        """Whether an edit is the one that undo would take back."""
        command: Any = self.stack.command(self.stack.index() - 1) if self.stack.index() else None
        return command is not None and command.applied is applied

    def amend(self, before: AppliedEdit, edit: Any) -> bool:
        """Let an edit take the place of the last one: one step for undo.

        Args:
            before: The last edit, see `is_last`.
            edit: Acts on what was before that one.

        Returns:
            Whether it was done; a failure has been told and nothing has changed.
        """
        session = self._session
        command: Any = self.stack.command(self.stack.index() - 1)
        self.last = None
        if session.document is None or self.slow.refuses():
            return False
        try:
            applied = session.document.amend(before.seq, edit, session.settings.value("annotator"))
        except (CoreError, ValueError) as error:
            session.hub.error(error)
            return False
        self.last = command.applied = applied
        self._note_changed(applied)
        return True

    def load(self) -> None:
        """Fill the stack with the history of the document that has just been opened."""
        self.stack.clear()
        if self._session.document is None:
            return
        applied, position = self._session.document.history()
        for one in applied:
            self._push(one, is_in_force=one.seq <= position)
        for _ in [one for one in applied if one.seq > position]:
            self.stack.undo()

    def _take(self, applied: AppliedEdit) -> None:
        """Put a stored edit on the stack; one that changed nothing has no number."""
        self.last = applied
        if applied.seq:
            self._push(applied)
            self._note_changed(applied)

    def _push(self, applied: AppliedEdit, is_in_force: bool = True) -> None:
        from app.commands import EditCommand

        def back() -> None:
            self._step("undo")

        def again() -> None:
            self._step("redo")

        self.stack.push(EditCommand(applied, back, again, is_in_force))

    def _step(self, way: str) -> None:
        """Undo or redo in the store, and go to where it acted."""
        document = self._session.document
        if document is None:
            return
        if self.slow.refuses():
            self._fill_anew()
            return
        try:
            applied = document.undo() if way == "undo" else document.redo()
        except CoreError as error:
            self._session.hub.error(error)
            self._fill_anew()
            return
        if applied is not None:
            if self._session.entry and self._session.entry.clip_id == applied.clip_id:
                self._note_changed(applied)
            self._session.go_to_edit(applied.clip_id, _place_of(applied))

    def _fill_anew(self) -> None:
        """Qt's stack has made a step that the store has not: fill it anew once that is done."""
        QTimer.singleShot(0, self, self.load)

    def _note_changed(self, applied: AppliedEdit) -> None:
        # An edit to the end of the clip may say so by a number no signal carries.
        stop = min(applied.last_frame + 1, max(self._session.num_frames, applied.first_frame + 1))
        self._session.note_data_changed(applied.first_frame, stop)


def _place_of(applied: AppliedEdit) -> int:
    """Where a person was who made an edit: of one of the whole clip not its first frame."""
    frame = applied.summary.get("frame", -1)
    return frame if isinstance(frame, int) and frame >= 0 else applied.first_frame

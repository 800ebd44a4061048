"""Edits on Qt's undo stack: the store keeps what changed, the stack keeps the order and the titles.

The project's own history is the truth and survives a crash; the stack mirrors it, so that menus
show what can be undone, also for edits of an earlier day.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtGui import QUndoCommand

from core.annotations.history import AppliedEdit


class EditCommand(QUndoCommand):
    """One edit that is already in the store when it is pushed."""

    def __init__(
        self,
        applied: AppliedEdit,
        undo: Callable[[], None],
        redo: Callable[[], None],
        is_in_force: bool = True,
    ) -> None:
        """Wrap an edit.

        Args:
            applied: The edit.
            undo: Takes back the store's last edit.
            redo: Does again the store's next edit.
            is_in_force: False for one that was undone before the project was opened: the stack
                undoes it once while it fills, which must not reach the store.
        """
        super().__init__(f"{applied.title}, frame {applied.first_frame:,}")
        self.applied = applied
        self._undo = undo
        self._redo = redo
        self._is_new = True
        self._skip_undo = not is_in_force

    def redo(self) -> None:
        """Nothing the first time: pushing a command on Qt's stack calls this."""
        if self._is_new:
            self._is_new = False
        else:
            self._redo()

    def undo(self) -> None:
        """Take it back."""
        if self._skip_undo:
            self._skip_undo = False
        else:
            self._undo()

"""What the dialogs that start a job have in common: the clip, its range, a place on the disk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QPushButton, QWidget

from app.session import Session


class RangeBox(QComboBox):
    """The whole clip, or the range between in and out where one is chosen."""

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName("Frames")
        frames = session.num_frames
        self.addItem(f"The whole clip, {frames:,} frames", None)
        if session.range is not None:
            start, stop = session.range
            self.addItem(
                f"The range {start:,} … {stop - 1:,}, {stop - start:,} frames", (start, stop)
            )
            self.setCurrentIndex(1)

    @property
    def chosen(self) -> tuple[int, int] | None:
        """Half-open [start, stop); None for the whole clip."""
        data = self.currentData()
        return None if data is None else (int(data[0]), int(data[1]))

    @property
    def arguments(self) -> list[str]:
        """The choice as options of a command."""
        if self.chosen is None:
            return []
        start, stop = self.chosen
        return ["--start", str(start), "--stop", str(stop)]


class PlaceEdit(QWidget):
    """A path to write to, typed or chosen.

    Signals:
        changed: The path is another one. Dialog.
    """

    changed = Signal()

    def __init__(self, name: str, choose: Callable[[str], str], parent: QWidget) -> None:
        """Make the field.

        Args:
            name: What it is, for screen readers.
            choose: Asks the person, given the present path; "" keeps it.
            parent: The dialog.
        """
        super().__init__(parent)
        self._edit = QLineEdit(self)
        self._edit.setAccessibleName(name)
        self._edit.setMinimumWidth(360)
        self._edit.textChanged.connect(self.changed)
        button = QPushButton("Choose…", self)
        button.setAutoDefault(False)
        button.clicked.connect(lambda: self.set_path(choose(self._edit.text())))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._edit, 1)
        row.addWidget(button)
        self.setFocusProxy(self._edit)

    @property
    def path(self) -> Path:
        """What is in the field, as an absolute path; the working folder where it is empty."""
        return Path(self._edit.text().strip()).expanduser().absolute()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is in the field."""
        return not self._edit.text().strip()

    def set_path(self, path: str | Path) -> None:
        """Put a path into the field; an empty one changes nothing."""
        if str(path):
            self._edit.setText(str(path))
            self._edit.setCursorPosition(len(str(path)))

"""What the dialogs that start a job have in common: the clip, its range, a place on the disk."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.session import Session

_WIDTH, _BUTTON_WIDTH = 360, 100
"""Of a path's field beside one button, and what each further one takes of it; pixels."""


def lay_out_job(
    dialog: QDialog, form: QFormLayout, verb: str, below: Sequence[QWidget]
) -> QPushButton:
    """The form, what stands below it, then Cancel and the button that starts the job.

    Returns:
        That button, which says `verb`.
    """
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel, dialog)
    go = buttons.addButton(verb, QDialogButtonBox.ButtonRole.AcceptRole)
    go.setDefault(True)
    buttons.accepted.connect(dialog.accept)
    buttons.rejected.connect(dialog.reject)
    layout = QVBoxLayout(dialog)
    layout.setSpacing(10)
    layout.addLayout(form)
    for part in (*below, buttons):
        layout.addWidget(part)
    dialog.setMinimumWidth(600)
    return go


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


class DeviceBox(QComboBox):
    """Where a net runs."""

    def __init__(self, parent: QWidget, chosen: str = "auto") -> None:
        """Make the box.

        Args:
            parent: The dialog.
            chosen: What is chosen at first: auto, cpu, cuda or mps.
        """
        super().__init__(parent)
        self.setAccessibleName("Device")
        self.addItem("The best there is", "auto")
        self.addItem("Processor", "cpu")
        is_mac = sys.platform == "darwin"
        self.addItem(*(("Apple GPU", "mps") if is_mac else ("NVIDIA GPU", "cuda")))
        self.setCurrentIndex(max(self.findData(chosen), 0))


class PlaceEdit(QWidget):
    """A path to write to, typed or chosen.

    Signals:
        changed: The path is another one. Dialog.
    """

    changed = Signal()

    def __init__(
        self, name: str, choose: Callable[[str], str], parent: QWidget, button: str = "Choose…"
    ) -> None:
        """Make the field.

        Args:
            name: What it is, for screen readers.
            choose: Asks the person, given the present path; "" keeps it.
            parent: The dialog.
            button: What the button says that asks.
        """
        super().__init__(parent)
        self._edit = QLineEdit(self)
        self._edit.setAccessibleName(name)
        self._edit.textChanged.connect(self.changed)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.addWidget(self._edit, 1)
        self.add_button(button, choose)
        self.setFocusProxy(self._edit)

    def add_button(self, text: str, choose: Callable[[str], str]) -> None:
        """Add another way to choose."""
        button = QPushButton(text, self)
        button.setAutoDefault(False)
        button.clicked.connect(lambda: self.set_path(choose(self._edit.text())))
        self._row.addWidget(button)
        self._edit.setMinimumWidth(_WIDTH - _BUTTON_WIDTH * (self._row.count() - 2))

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

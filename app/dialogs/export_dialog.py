"""What to export of the open clip, and how; the dialog makes a plan, the desk starts it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from app.dialogs.command_line import CommandLine
from app.dialogs.job_fields import PlaceEdit, RangeBox
from app.session import Session
from core.annotations.job_files import JobPlan

_LAYERS = (
    ("masks", "Masks"),
    ("contours", "Contours"),
    ("landmarks", "Landmarks"),
    ("boxes", "Boxes"),
    ("names", "Names"),
)


@dataclass(frozen=True)
class ExportKind:
    """One format of the command `export`."""

    name: str
    title: str
    ending: str
    """Added to the clip's name."""
    is_folder: bool = False


KINDS = (
    ExportKind("overlay", "Video with the faces drawn in", "-overlay.mp4"),
    ExportKind("masks", "Masks, a folder of indexed PNGs", "-masks", is_folder=True),
    ExportKind("csv", "OpenFace's table of landmarks, CSV", ".csv"),
    ExportKind("coco", "COCO keypoints and masks, JSON", "-coco.json"),
    ExportKind("pts", "iBUG .pts files, a folder", "-pts", is_folder=True),
)


class ExportDialog(QDialog):
    """Format, layers, frames, place."""

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        assert session.entry is not None
        assert session.document is not None
        assert session.document.path is not None
        self.setWindowTitle("Export")
        self._entry, self._project = session.entry, session.document.path.absolute()
        self._clip_words = clip_words(session)
        self.format = QComboBox(self)
        self.format.setAccessibleName("Format")
        for kind in KINDS:
            self.format.addItem(kind.title, kind.name)
        self.layers = {name: QCheckBox(title, self) for name, title in _LAYERS}
        self.range = RangeBox(session, self)
        self.place = PlaceEdit("Write to", self._choose_place, self)
        self.note = QLabel(self)
        self.note.setWordWrap(True)
        self.command = CommandLine(self)
        self._lay_out()
        for box in self.layers.values():
            box.setChecked(True)
            box.toggled.connect(self._show_command)
        self.format.currentIndexChanged.connect(self._on_format)
        self.range.currentIndexChanged.connect(self._show_command)
        self.place.changed.connect(self._show_command)
        self._on_format()

    @property
    def kind(self) -> ExportKind:
        """The chosen format."""
        return KINDS[self.format.currentIndex()]

    def plan(self) -> JobPlan:
        """What was chosen."""
        title = f"Export {self.place.path.name}"
        clip_id, target = self._entry.clip_id, str(self.place.path)
        return JobPlan("export", title, tuple(self.arguments()), clip_id, target)

    def arguments(self) -> list[str]:
        """The command."""
        words = ["export", str(self._project), "--format", self.kind.name]
        words += [*self._clip_words, *self.range.arguments]
        chosen = [name for name, box in self.layers.items() if box.isChecked()]
        if self.kind.name == "overlay" and len(chosen) < len(self.layers):
            words += ["--layers", ",".join(chosen)]
        return [*words, "-o", str(self.place.path)]

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        clip = QLabel(self._entry.title, self)
        clip.setToolTip(str(self._entry.path))
        form.addRow("Clip", clip)
        form.addRow("&Format", self.format)
        boxes = QWidget(self)
        row = QHBoxLayout(boxes)
        row.setContentsMargins(0, 0, 0, 0)
        for box in self.layers.values():
            row.addWidget(box)
        row.addStretch(1)
        form.addRow("Layers", boxes)
        form.addRow("F&rames", self.range)
        form.addRow("&Write to", self.place)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel, self)
        self.go = buttons.addButton("Export", QDialogButtonBox.ButtonRole.AcceptRole)
        self.go.setDefault(True)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setSpacing(10)
        layout.addLayout(form)
        layout.addWidget(self.note)
        layout.addWidget(self.command)
        layout.addWidget(buttons)
        self.setMinimumWidth(600)

    def _on_format(self) -> None:
        for box in self.layers.values():
            box.setEnabled(self.kind.name == "overlay")
        place = self._project.parent / f"{self._entry.path.stem}{self.kind.ending}"
        self.place.set_path(free_folder(place) if self.kind.is_folder else place)
        self._show_command()

    def _choose_place(self, present: str) -> str:
        name, _ = QFileDialog.getSaveFileName(
            self, "Write to", present, options=QFileDialog.Option.DontConfirmOverwrite
        )
        return name

    def _show_command(self) -> None:
        self.command.show_command(self.arguments())
        problem = self._problem()
        path = self.place.path
        if problem:
            self.note.setText(problem)
        elif path.exists() and not path.is_dir():
            self.note.setText(f"{path.name} is there already and will be replaced.")
        else:
            self.note.setText("What is shown is exported: your corrections over the shown run.")
        self.go.setEnabled(not problem)

    def _problem(self) -> str:
        """Why it cannot be exported so; empty if it can."""
        path = self.place.path
        if self.place.is_empty:
            return "Say where to write it."
        if not path.parent.is_dir():
            return f"There is no folder {path.parent}."
        if path.is_relative_to(self._project):
            return "Choose a place outside the project."
        if path == self._entry.path.absolute():
            return "This is the clip itself; choose another name."
        if self.kind.is_folder and path.exists() and not is_empty_folder(path):
            return f"{path.name} is there already; give the name of a new folder."
        if not self.kind.is_folder and path.is_dir():
            return f"{path.name} is a folder; give the name of a file."
        if self.kind.name == "overlay" and not any(b.isChecked() for b in self.layers.values()):
            return "Choose a layer to draw."
        return ""


def is_empty_folder(path: Path) -> bool:
    """Whether an export may fill it."""
    return path.is_dir() and next(path.iterdir(), None) is None


def free_folder(path: Path) -> Path:
    """The folder, or the same name with the first number that is free."""
    number = 2
    free = path
    while free.exists() and not is_empty_folder(free):
        free = path.with_name(f"{path.name}-{number}")
        number += 1
    return free


def clip_words(session: Session) -> list[str]:
    """How the command is told the clip: not at all, by name, or by id, whichever is enough."""
    assert session.document is not None
    assert session.entry is not None
    titles = [entry.title for entry in session.document.entries()]
    if len(titles) == 1:
        return []
    is_name_enough = titles.count(session.entry.title) == 1
    return ["--clip", session.entry.title if is_name_enough else session.entry.clip_id]

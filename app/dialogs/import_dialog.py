"""What to import into the open clip; the dialog makes a plan, the desk starts it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFileDialog,
    QFormLayout,
    QLabel,
    QSpinBox,
    QWidget,
)

from app.dialogs.command_line import CommandLine
from app.dialogs.export_dialog import clip_words
from app.dialogs.job_fields import PlaceEdit, lay_out_job
from app.session import Session
from core.annotations.job_files import JobPlan
from core.errors import InputError
from core.formats.registry import FORMATS, detect_format

_AUTO = "auto"
_FILES = "Faces (*.json *.csv *.pts);;All files (*)"
_PIXELS = (("1, as iBUG's files do", "1"), ("0", "0"))


class ImportDialog(QDialog):
    """File or folder, format, where it begins."""

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        assert session.entry is not None
        assert session.document is not None
        self.setWindowTitle("Import")
        self._entry, self._project = session.entry, session.document.path
        self._clip_words = clip_words(session) if self._project else self._loose_words()
        self.file = PlaceEdit("File or folder", self._choose_file, self, "File…")
        self.file.add_button("Folder…", self._choose_folder)
        self.format = QComboBox(self)
        self.format.setAccessibleName("Format")
        self.format.addItem("By a look at it", _AUTO)
        for form in FORMATS.values():
            self.format.addItem(form.title[0].upper() + form.title[1:], form.name)
        self.offset = QSpinBox(self)
        self.offset.setAccessibleName("Frame 0 of the file is frame")
        most = max(session.num_frames - 1, 0)
        self.offset.setRange(-most, most)
        self.offset.setToolTip("For a file about a part of this clip, or one that starts earlier")
        self.first_pixel = QComboBox(self)
        self.first_pixel.setAccessibleName("Pixels are counted from")
        for text, value in _PIXELS:
            self.first_pixel.addItem(text, value)
        self.place = PlaceEdit("Project", self._choose_project, self)
        self.note = QLabel(self)
        self.note.setWordWrap(True)
        self.command = CommandLine(self)
        self._lay_out()
        for box in (self.format, self.first_pixel):
            box.currentIndexChanged.connect(self._refresh)
        self.offset.valueChanged.connect(self._refresh)
        self.file.changed.connect(self._refresh)
        self.place.changed.connect(self._refresh)
        self.place.set_path(self._project or self._entry.path.absolute().with_suffix(".lin"))
        self._refresh()

    def plan(self) -> JobPlan:
        """What was chosen.

        Without a project the clip's path stands for its id.
        """
        own = self._entry.clip_id if self._project else str(self._entry.path.absolute())
        title = f"Import {self.file.path.name}"
        return JobPlan("import", title, tuple(self.arguments()), own, str(self.place.path))

    def arguments(self) -> list[str]:
        """The command."""
        file = "FILE" if self.file.is_empty else str(self.file.path)
        words = ["import", file, "-o", str(self.place.path), *self._clip_words]
        chosen = str(self.format.currentData())
        words += [] if chosen == _AUTO else ["--format", chosen]
        words += ["--offset", str(self.offset.value())] if self.offset.value() else []
        first = str(self.first_pixel.currentData())
        return words + (["--first-pixel", first] if first != "1" and self._has_pixels() else [])

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        clip = QLabel(self._entry.title, self)
        clip.setToolTip(str(self._entry.path))
        form.addRow("Clip", clip)
        form.addRow("&File or folder", self.file)
        form.addRow("For&mat", self.format)
        form.addRow("File's frame 0 &is frame", self.offset)
        form.addRow("&Pixels counted from", self.first_pixel)
        if self._project is None:
            form.addRow("New p&roject", self.place)
        else:
            self.place.hide()
        self.go = lay_out_job(self, form, "Import", (self.note, self.command))
        self.file.setFocus()

    def _refresh(self) -> None:
        self.first_pixel.setEnabled(self._has_pixels())
        self.command.show_command(self.arguments())
        problem = self._problem()
        self.note.setText(problem or self._promise())
        self.go.setEnabled(not problem)

    def _form_name(self) -> str:
        """The format chosen or seen; empty where it cannot be told."""
        chosen = str(self.format.currentData())
        if chosen != _AUTO or self.file.is_empty:
            return "" if chosen == _AUTO else chosen
        try:
            return detect_format(self.file.path).name
        except InputError:
            return ""

    def _has_pixels(self) -> bool:
        return self._form_name() in ("", "pts")

    def _problem(self) -> str:
        """Why it cannot be imported so; empty if it can."""
        if self.file.is_empty:
            return (
                "Choose a file (COCO, OpenFace's table, .pts) or a folder (.pts files, label maps)."
            )
        if self._project is None and self.place.is_empty:
            return "Say where the new project goes."
        if not self.file.path.exists():
            return f"There is no {self.file.path}."
        if not self._form_name():
            return f"{self.file.path.name} looks like no format that can be read."
        return ""

    def _promise(self) -> str:
        title = FORMATS[self._form_name()].title
        then = (
            "A new run is written; your corrections stay as they are. Accept in range, in the menu"
            " Landmarks, makes its points your own."
        )
        return f"{title[0].upper()}{title[1:]}. {then}"

    def _choose_file(self, present: str) -> str:
        folder = present or str(self._entry.path.parent)
        return QFileDialog.getOpenFileName(self, "Import", folder, _FILES)[0]

    def _choose_folder(self, present: str) -> str:
        folder = present or str(self._entry.path.parent)
        return QFileDialog.getExistingDirectory(self, "Import a folder", folder)

    def _choose_project(self, present: str) -> str:
        name, _ = QFileDialog.getSaveFileName(
            self, "New project", present, "Projects (*.lin)",
            options=QFileDialog.Option.DontConfirmOverwrite,
        )  # fmt: skip
        return str(Path(name).with_suffix(".lin")) if name else ""

    def _loose_words(self) -> list[str]:
        return ["--clip", str(self._entry.path.absolute())]

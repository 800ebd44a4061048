"""How to train a net beside the work; the dialog makes a plan, the desk starts it."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFileDialog,
    QFormLayout,
    QLabel,
    QLineEdit,
    QSpinBox,
    QWidget,
)

from app.dialogs.command_line import CommandLine
from app.dialogs.file_combo import FileCombo
from app.dialogs.job_fields import DeviceBox, PlaceEdit, lay_out_job
from app.recipe_list import (
    RecipeChoice,
    fitting_sizes,
    recipe_choice,
    recipe_choices,
    reviewed_faces,
    starting_models,
)
from app.session import Session
from core import paths
from core.annotations.job_files import JobPlan
from core.training.recipe import Recipe

_DEFAULT = "landmarks-68-small"
_LEAST_FACES = 2
_LEAST_STEPS = 600
"""So many steps at least are proposed on a small data set."""
_VALIDATIONS = 50
"""So many in a training on a small data set, whose epochs are short."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,60}")
_AS_RECIPE, _PROJECT, _EDITED = "recipe", "project", "project-edited"


class TrainDialog(QDialog):
    """Recipe, data, where it starts, how long, where it goes."""

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Train")
        document = session.document
        self._project = None if document is None or document.path is None else document.path
        self._choices: dict[str, RecipeChoice] = {}
        self._faces = self._count_faces()
        self.recipe = FileCombo("Recipe", "Recipes (*.toml)", self)
        for choice in recipe_choices():
            self._add_recipe(choice)
        self.recipe.add_file_item("From a file…")
        self.recipe.setCurrentIndex(max(self.recipe.findData(_DEFAULT), 0))
        self.data = QComboBox(self)
        self.data.setAccessibleName("Data")
        self.start = QComboBox(self)
        self.start.setAccessibleName("Starts from")
        self.faces = _spin("Rendered faces", 100, 1_000_000, 1000, self)
        self.epochs = _spin("Epochs", 1, 100_000, 1, self)
        self.minutes = _spin("At most minutes", 0, 100_000, 5, self)
        self.minutes.setSpecialValueText("no limit")
        self.name = QLineEdit(self)
        self.name.setAccessibleName("Name of the model")
        self.device = DeviceBox(self, session.settings.value("train_device"))
        self.place = PlaceEdit("Folder", self._choose_folder, self)
        self.note = QLabel(self)
        self.note.setWordWrap(True)
        self.command = CommandLine(self)
        self._lay_out()
        self._on_recipe()
        self.recipe.currentIndexChanged.connect(self._on_recipe)
        self.data.currentIndexChanged.connect(self._on_data)
        for spin in (self.faces, self.epochs, self.minutes):
            spin.valueChanged.connect(self._refresh)
        for box in (self.start, self.device):
            box.currentIndexChanged.connect(self._refresh)
        self.name.textChanged.connect(self._on_name)
        self.place.changed.connect(self._refresh)

    @property
    def chosen(self) -> Recipe | None:
        """The recipe; None where it cannot be read or is still asked for."""
        return self._choice().recipe if self.recipe.currentData() else None

    def plan(self) -> JobPlan:
        """What was chosen."""
        model = str(self.place.path / "model.safetensors")
        title = f"Train {self.name.text().strip()}"
        return JobPlan("train", title, tuple(self.arguments()), target=model)

    def arguments(self) -> list[str]:
        """The command."""
        recipe = self.chosen
        words = ["train", str(self.recipe.currentData()), "--out", str(self.place.path)]
        if recipe is None:
            return words
        device = str(self.device.currentData())
        words += [] if device == "auto" else ["--device", device]
        changes = {"name": self.name.text().strip(), **self._data_changes(recipe)}
        if self.start.currentData():
            changes["net.start_from"] = str(self.start.currentData())
        changes["optimise.epochs"] = self.epochs.value()
        changes["optimise.minutes"] = float(self.minutes.value())
        for key, value in changes.items():
            if value != _present(recipe, key):
                words += ["--set", f"{key}={json.dumps(value, ensure_ascii=False)}"]
        return words

    def _data_changes(self, recipe: Recipe) -> dict[str, object]:
        kind = self.data.currentData()
        if kind == _AS_RECIPE:
            return {} if recipe.data.train else {"data.faces": self.faces.value()}
        held_out, batch = fitting_sizes(recipe, self._faces[kind])
        return {
            "data.train": [f"{kind}:{self._project}"],
            "data.validation_faces": held_out,
            "optimise.batch": batch,
            "optimise.validate_every": max(1, self.epochs.value() // _VALIDATIONS),
        }

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow("&Recipe", self.recipe)
        form.addRow("&Data", self.data)
        form.addRow("Re&ndered faces", self.faces)
        form.addRow("&Starts from", self.start)
        form.addRow("&Epochs", self.epochs)
        form.addRow("At most &minutes", self.minutes)
        form.addRow("De&vice", self.device)
        form.addRow("Name of the mode&l", self.name)
        form.addRow("&Folder", self.place)
        self.go = lay_out_job(self, form, "Train", (self.note, self.command))

    # What follows from what

    def _on_recipe(self) -> None:
        recipe = self.chosen
        if recipe is None:
            self._refresh()
            return
        self.faces.setValue(recipe.data.faces)
        self.minutes.setValue(round(recipe.optimise.minutes))
        self._fill_data(recipe)
        self.start.clear()
        self.start.addItem("Fresh weights", "")
        for model in starting_models(recipe, self._project):
            self.start.addItem(model.name, str(model.path))
            self.start.setItemData(self.start.count() - 1, model.about, Qt.ItemDataRole.ToolTipRole)
        stem = self._project.stem if self._project is not None else "my"
        self.name.setText(_model_name(f"{stem}-{recipe.name}"))
        self._on_name()
        self._on_data()

    def _fill_data(self, recipe: Recipe) -> None:
        self.data.clear()
        own = ", ".join(recipe.data.train)
        self.data.addItem(f"As the recipe says: {own}" if own else "Rendered faces", _AS_RECIPE)
        if self._project is None:
            return
        words = {_PROJECT: "Approved faces of this project", _EDITED: "Approved and edited faces"}
        for kind, text in words.items():
            if self._faces[kind] >= _LEAST_FACES:
                self.data.addItem(f"{text}, {self._faces[kind]:,}", kind)
        if self._faces[_PROJECT] >= _LEAST_FACES:
            self.data.setCurrentIndex(self.data.findData(_PROJECT))

    def _on_data(self) -> None:
        recipe, kind = self.chosen, self.data.currentData()
        if recipe is None or kind is None:
            return
        is_own = kind != _AS_RECIPE
        self.faces.setEnabled(not is_own and not recipe.data.train)
        epochs = recipe.optimise.epochs
        if is_own:
            held_out, batch = fitting_sizes(recipe, self._faces[kind])
            steps = max(1, (self._faces[kind] - held_out) // batch)
            epochs = max(epochs, math.ceil(_LEAST_STEPS / steps))
        self.epochs.setValue(epochs)
        # A few faces teach a net that knows faces already; a fresh one learns nothing from them.
        self.start.setCurrentIndex(1 if is_own and self.start.count() > 1 else 0)
        self._refresh()

    def _on_name(self) -> None:
        root = self._project if self._project is not None else paths.user_data()
        name = self.name.text().strip()
        self.place.set_path(_free(root.absolute() / "training" / (name or "model")))
        self._refresh()

    def _refresh(self) -> None:
        problem = self._problem()
        self.command.show_command(self.arguments())
        self.note.setText(problem or self._promise())
        self.go.setEnabled(not problem)

    def _problem(self) -> str:
        """Why it cannot be trained so; empty if it can."""
        if not self.recipe.currentData():
            return "Choose a recipe."
        if self.chosen is None:
            return self._choice().about
        if not _NAME.fullmatch(self.name.text().strip()):
            return "A model's name is of letters, digits and . _ -"
        if self.place.is_empty:
            return "Say where its checkpoints and the model go."
        if (self.place.path / "checkpoints" / "last.pt").exists():
            return f"{self.place.path.name} holds a training already; give another folder."
        return ""

    def _promise(self) -> str:
        return (
            "Stop keeps the best weights so far as a model; Cancel makes none. The clip still plays"
            " meanwhile: the training gives way."
        )

    def _count_faces(self) -> dict[str, int]:
        if self._project is None:
            return {}
        approved, edited = reviewed_faces(self._project)
        return {_PROJECT: approved, _EDITED: edited}

    def _choice(self) -> RecipeChoice:
        name = self.recipe.currentData()
        if name not in self._choices:  # a file that was just chosen
            self._choices[name] = recipe_choice(name)
        return self._choices[name]

    def _add_recipe(self, choice: RecipeChoice) -> None:
        self._choices[choice.name] = choice
        self.recipe.addItem(choice.title, choice.name)
        at = self.recipe.count() - 1
        self.recipe.setItemData(at, choice.about, Qt.ItemDataRole.ToolTipRole)

    def _choose_folder(self, present: str) -> str:
        return QFileDialog.getSaveFileName(
            self, "Folder of the training", present,
            options=QFileDialog.Option.DontConfirmOverwrite,
        )[0]  # fmt: skip


def _model_name(text: str) -> str:
    """The name nearest to a text that a model can have."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", text).lstrip("-_.")[:60]


def _spin(name: str, low: int, high: int, step: int, parent: QWidget) -> QSpinBox:
    spin = QSpinBox(parent)
    spin.setAccessibleName(name)
    spin.setRange(low, high)
    spin.setSingleStep(step)
    spin.setGroupSeparatorShown(True)
    return spin


def _present(recipe: Recipe, key: str) -> object:
    """What a recipe says of a field."""
    value: object = recipe
    for word in key.split("."):
        value = getattr(value, word)
    return list(value) if isinstance(value, tuple) else value


def _free(folder: Path) -> Path:
    """The folder, or the same name with the first number that is free."""
    number, free = 2, folder
    while free.exists():
        free = folder.with_name(f"{folder.name}-{number}")
        number += 1
    return free

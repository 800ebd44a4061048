"""A training: how it goes, and what can be done with it and with its model."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QSignalBlocker, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QDockWidget,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.docks.training_words import comparison_words, figures_words, stage_words
from app.job_desk import JobDesk
from app.job_words import state_words
from app.session import Session
from app.training.follower import Follower
from app.training.trainings import Training, landmark_model, trainings
from core.annotations.job_watch import JobWatch
from core.errors import CoreError

if TYPE_CHECKING:
    from app.docks.training_plots import TrainingPlots

_NOTHING = "No training yet. Train… chooses data, recipe and device."


class TrainingCommands(QObject):
    """What can be done with a training; also the slots of the action table.

    Signals:
        asked: The person wants to see the dock. Main window.
    """

    asked = Signal()

    def __init__(self, session: Session, desk: JobDesk, window: QWidget) -> None:
        super().__init__(window)
        self.session, self.desk = session, desk
        self._window = window

    def show_dock(self) -> None:
        """Bring the dock up."""
        self.asked.emit()

    def known(self) -> list[Training]:
        """The trainings of what is open."""
        document = self.session.document
        return trainings(self.desk.jobs.watches, document.path if document is not None else None)

    def resume(self, training: Training) -> None:
        """Go on from its last checkpoint."""
        self.desk.start(training.resume_plan())

    def compare(self, training: Training) -> None:
        """Judge its model and the one before on the faces it held out."""
        self.desk.start(training.compare_plan())

    def predict(self, training: Training) -> None:
        """Put its model into the lists, and predict the whole open clip with it."""
        session, document = self.session, self.session.document
        if session.clip is None or document is None:
            session.hub.info("The clip has to be there to predict on it.")
            return
        # Dear: not at the window's start.
        from app.dialogs.predict_dialog import PredictDialog
        from app.model_list import install_model, installed_as

        try:
            name = installed_as(training.model, document.path)
            name = name or install_model(training.model, document.path)
            is_of_landmarks = landmark_model(training.model)
        except (CoreError, OSError) as error:
            session.hub.error(error)
            return
        dialog = PredictDialog(session, self._window)
        box = dialog.model if is_of_landmarks else dialog.masks
        box.setCurrentIndex(box.findData(name))
        self.desk.start(dialog.plan())
        dialog.deleteLater()

    def comparison(self, training: Training) -> JobWatch | None:
        """The last comparison of its model."""
        place = str(training.folder)
        watches = self.desk.jobs.watches
        return next(
            (w for w in watches if w.plan.kind == "evaluate" and w.plan.target == place), None
        )


class TrainingDock(QWidget):
    """Which training above, its stages and curves, its numbers, buttons below."""

    def __init__(self, commands: TrainingCommands, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._commands, self._desk = commands, commands.desk
        self.follower = Follower(self)
        self.training: Training | None = None
        self._known: list[Training] = []
        self._followed: object = None
        self._is_front = self._is_watched = self._has_room = False
        self.plots: TrainingPlots | None = None
        """Made when the dock is first looked at: loading what draws them takes its time."""
        self.choice = QComboBox(self)
        self.choice.setAccessibleName("Training")
        self.choice.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.start_button = self._button(
            "Train…", "Choose data, recipe and device", self._desk.train
        )
        self.stages, self.state, self.figures, self.compared = (
            self._label(name) for name in ("Stages", "State", "Figures", "Comparison")
        )
        desk = self._desk
        self.stop_button = self._button(
            "Stop early", "End it and keep the best weights as a model",
            lambda: self._on_stop("early"),
        )  # fmt: skip
        self.cancel_button = self._button(
            "Cancel",
            "End it without a model; its checkpoint stays",
            lambda: self._on_stop("cancel"),
        )
        self.resume_button = self._button(
            "Resume", "Go on from its last checkpoint", lambda: self._do(commands.resume)
        )
        self.compare_button = self._button(
            "Compare", "", lambda: self._do(commands.compare)
        )  # its tip names the other model
        self.predict_button = self._button(
            "Predict the clip", "Predict the open clip with its model, as a new run",
            lambda: self._do(commands.predict),
        )  # fmt: skip
        self._lay_out()
        self.choice.currentIndexChanged.connect(self._on_choice)
        self.follower.changed.connect(self._show_picture)
        desk.jobs.listed.connect(self.rebuild)
        desk.jobs.changed.connect(self._on_job)
        desk.jobs.ended.connect(self._on_job)
        desk.offers_changed.connect(self._show_state)
        commands.session.document_changed.connect(self.rebuild)
        commands.asked.connect(lambda: QTimer.singleShot(0, self, self._take_room))
        commands.session.clip_ready.connect(self._show_state)
        self.rebuild()

    def sizeHint(self) -> QSize:
        """As wide as the docks beside it."""
        return QSize(290, 560)

    def close_follower(self) -> None:
        """Stop reading."""
        self.follower.close()

    @Slot()
    def rebuild(self) -> None:
        """List the trainings anew; one that has just begun is looked at."""
        before = {training.folder for training in self._known}
        present = self.training.folder if self.training is not None else None
        self._known = self._commands.known()
        begun = [t.folder for t in self._known if t.is_running and t.folder not in before]
        wanted = next(iter(begun), present)
        place = next((i for i, t in enumerate(self._known) if t.folder == wanted), 0)
        with QSignalBlocker(self.choice):
            self.choice.clear()
            for training in self._known:
                self.choice.addItem(training.name)
                tip = str(training.folder)
                self.choice.setItemData(self.choice.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
            self.choice.setCurrentIndex(place if self._known else -1)
        self.choice.setEnabled(bool(self._known))
        self._on_choice()

    @Slot()
    def _on_choice(self) -> None:
        at = self.choice.currentIndex()
        self.training = self._known[at] if 0 <= at < len(self._known) else None
        self._follow()
        self._show_state()

    def _follow(self) -> None:
        """Read the chosen one's events while the dock is looked at."""
        training = self.training if self._is_front else None
        key = None if training is None else (training.folder, training.weak_epochs)
        if key != self._followed:
            self._followed = key
            self.follower.follow(training)

    @Slot(object)
    def _on_job(self, watch: JobWatch) -> None:
        training = self.training
        if training is not None and watch is training.watch:
            if not training.recipe or not watch.running:
                self.rebuild()  # it has begun, or ended
                return
        self._show_state()

    @Slot()
    def _show_picture(self) -> None:
        if self.plots is not None:
            self.plots.show_picture(self.follower.picture)
        self._show_state()

    @Slot()
    def _show_state(self) -> None:
        """Words and buttons."""
        training, picture = self.training, self.follower.picture
        watch = training.watch if training is not None else None
        running = training is not None and training.is_running
        self.stages.setText(stage_words(picture, running))
        asked = watch is not None and running and watch.files.stop_wanted() is not None
        words = state_words(watch) if watch is not None else "Not in the list of jobs any more"
        if training is not None and training.is_elsewhere:
            words = "Runs outside this window"
        self.state.setText(html.escape(words) if training is not None else _NOTHING)
        self.figures.setText(figures_words(picture, running))
        found = self._commands.comparison(training) if training is not None else None
        self.compared.setText(comparison_words(found))
        self.stop_button.setVisible(running and not asked)
        self.cancel_button.setVisible(running and not asked)
        self.resume_button.setVisible(training is not None and training.can_resume)
        is_made = training is not None and training.is_made
        self.compare_button.setVisible(is_made)
        self.predict_button.setVisible(is_made)
        self.predict_button.setEnabled(self._commands.session.clip is not None)
        if training is not None:
            self._enable_compare(training, found)
        for label in (self.stages, self.figures, self.compared):
            label.setVisible(bool(label.text()))

    def _enable_compare(self, training: Training, found: JobWatch | None) -> None:
        has_faces = (training.folder / "held-out.json").is_file()
        is_busy = found is not None and found.running
        self.compare_button.setEnabled(has_faces and bool(training.previous) and not is_busy)
        self.compare_button.setToolTip(
            f"Judge it and {training.previous} on the faces this training never learnt from"
            if has_faces
            else "This training has not noted which faces it held out"
        )

    def _on_stop(self, how: Any) -> None:
        if self.training is not None and self.training.watch is not None:
            self._desk.jobs.stop(self.training.watch, how)

    def _do(self, command: Any) -> None:
        if self.training is not None:
            command(self.training)

    # Building

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.addWidget(self.choice, 1)
        top.addWidget(self.start_button)
        buttons = QHBoxLayout()
        buttons.setSpacing(4)
        for button in (
            self.stop_button, self.cancel_button, self.resume_button, self.compare_button,
            self.predict_button,
        ):  # fmt: skip
            buttons.addWidget(button)
        buttons.addStretch(1)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(6, 6, 6, 6)
        self._column.setSpacing(4)
        self._column.addLayout(top)
        for label in (self.stages, self.state, self.figures):
            self._column.addWidget(label)
        self._column.addLayout(buttons)
        self._column.addWidget(self.compared)
        self._column.addStretch(1)  # until there are plots

    def _label(self, name: str) -> QLabel:
        label = QLabel(self)
        label.setAccessibleName(name)
        label.setWordWrap(True)
        label.setFont(theme.figures_font(label.font()))
        label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        return label

    def _button(self, text: str, tip: str, slot: Any) -> QPushButton:
        button = QPushButton(text, self)
        button.setToolTip(tip)
        button.clicked.connect(lambda _checked=False: slot())
        return button

    def _make_plots(self) -> None:
        from app.docks.training_plots import TrainingPlots

        self.plots = TrainingPlots(self)
        self._column.takeAt(self._column.count() - 1)
        self._column.addWidget(self.plots, 1)
        self.plots.show_picture(self.follower.picture)

    @Slot(bool)
    def _on_front(self, is_front: bool) -> None:
        """Events are read while somebody looks, and only then."""
        self._is_front = is_front
        if is_front and self.plots is None:
            self._make_plots()
        if is_front:
            self.rebuild()  # somebody may have started one by hand
        self._follow()

    def _dock(self) -> QDockWidget | None:
        """The dock around it, in which it may be scrolled."""
        around = self.parentWidget()
        while around is not None and not isinstance(around, QDockWidget):
            around = around.parentWidget()
        return around

    @Slot()
    def _take_room(self) -> None:
        """The first time it is asked for it gets the height it wants, if others can spare it."""
        dock, window = self._dock(), self.window()
        if self._has_room or dock is None or not isinstance(window, QMainWindow):
            return
        self._has_room = True
        wanted = self.sizeHint().height()
        if dock.height() < wanted:
            window.resizeDocks([dock], [wanted], Qt.Orientation.Vertical)

    # Qt overrides

    def showEvent(self, event: Any) -> None:
        """Learn from the dock around it when it is in front: behind another tab it is shown too."""
        super().showEvent(event)
        dock = self._dock()
        if dock is not None and not self._is_watched:
            self._is_watched = True
            dock.visibilityChanged.connect(self._on_front)
            self._on_front(not self.visibleRegion().isEmpty())

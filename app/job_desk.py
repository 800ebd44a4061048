"""Predict, import, export, train: the slots behind the actions, and what becomes of results.

A result carries what it answers (project, clip, run). It never changes what is shown by itself,
except where nothing was: the first run of a clip is seen while it grows, a later one is offered.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QWidget

from app.dialogs.closing_question import ClosingQuestion
from app.job_words import RUN_KINDS, state_words
from app.jobs import Jobs, loose_jobs_folder
from app.messages import Message
from app.session import Session
from core.annotations.job_files import JOBS, JobPlan
from core.annotations.job_watch import DONE, FAILED, JobWatch
from core.errors import CoreError

_OFFERS = {
    "show": ". The run shown so far stays until you press Show in Jobs",
    "open": ". Press Open in Jobs to see it",
    "use": ". Press Use in Jobs to choose the model in Predict",
}
"""Said with a result that waits for the person."""
_REFRESH_S = {False: 1.5, True: 6.0}
"""A growing run is shown anew at most so often, by whether the clip plays."""
_REFRESHES = 200
"""And at most so many times in all: reading the columns of a long clip takes its time."""


class JobDesk(QObject):
    """Starts jobs and lands their results.

    Signals:
        dock_asked: A job was started or is to be looked at. Main window.
        offers_changed: Which results can be shown has changed. Jobs dock.
    """

    dock_asked = Signal()
    offers_changed = Signal()

    def __init__(
        self, session: Session, window: QWidget, open_texts: Callable[[list[str]], bool]
    ) -> None:
        super().__init__(session)
        self._session = session
        self._window = window
        self._open_texts = open_texts
        self._refreshed_s = 0.0
        self._refreshed_done = -1
        self.jobs = Jobs(session.hub, self)
        self.jobs.changed.connect(self._on_changed)
        self.jobs.ended.connect(self._on_ended)
        session.document_changed.connect(self._on_document)
        self.jobs.attach(self._place())

    # Slots of the action table

    def predict(self) -> None:
        """Ask how to predict."""
        from app.dialogs.predict_dialog import PredictDialog

        if self._session.clip is None:
            self._session.hub.info("The clip has to be there to predict on it.")
            return
        dialog = PredictDialog(self._session, self._window)
        dialog.accepted.connect(lambda: self.start(dialog.plan()))
        dialog.open()

    def export(self) -> None:
        """Ask what to export, and how."""
        from app.dialogs.export_dialog import ExportDialog

        session = self._session
        if session.document is None or session.document.path is None:
            session.hub.info(
                "There is nothing to export yet: predict first, which makes a project."
            )
            return
        dialog = ExportDialog(session, self._window)
        dialog.accepted.connect(lambda: self.start(dialog.plan()))
        dialog.open()

    def import_files(self) -> None:
        """Ask what to import into the open clip."""
        from app.dialogs.import_dialog import ImportDialog

        if self._session.entry is None or not self._session.entry.frames:
            self._session.hub.info("The clip has to be known to import faces into it.")
            return
        dialog = ImportDialog(self._session, self._window)
        dialog.accepted.connect(lambda: self.start(dialog.plan()))
        dialog.open()

    def train(self) -> None:
        """Ask what to train, and on what."""
        from app.dialogs.train_dialog import TrainDialog

        try:
            dialog = TrainDialog(self._session, self._window)
        except CoreError as error:
            self._session.hub.error(error)
            return
        dialog.accepted.connect(lambda: self.start(dialog.plan()))
        dialog.open()

    # Jobs

    def start(self, plan: JobPlan) -> JobWatch | None:
        """Start a job and show the dock."""
        self._keep_shown(plan)
        self.jobs.cores = self._session.settings.value("job_cores")
        watch = self.jobs.start(plan)
        if watch is not None:
            self._remember(watch)
            self.dock_asked.emit()
        return watch

    def _keep_shown(self, plan: JobPlan) -> None:
        """What is shown of a clip before a new run stays shown, also where nobody chose it."""
        document = self._session.document
        if plan.kind not in RUN_KINDS or document is None or document.read_only:
            return
        shown = document.shown_run(plan.clip_id)
        if shown is not None:
            try:
                document.show_run(plan.clip_id, shown)
            except CoreError as error:
                self._session.hub.error(error)

    def offer(self, watch: JobWatch) -> str:
        """What can be done with a result: "show" its run, "open" its project, "use" its model."""
        plan, document = watch.plan, self._session.document
        if plan.kind == "train":
            return "use" if self._is_unused_model(watch) else ""
        if plan.kind not in RUN_KINDS or watch.running or not watch.status.run_id:
            return ""
        if not self._is_of_document(watch) or document is None:
            # Also where it was stopped or found nobody: faces can be drawn in the project.
            is_kept = watch.files.stop_wanted() != "cancel"
            return "open" if is_kept and Path(plan.target).exists() else ""
        if watch.status.state != DONE:
            return ""
        known = any(entry.clip_id == plan.clip_id for entry in document.entries())
        is_shown = known and document.shown_run(plan.clip_id) == watch.status.run_id
        return "show" if known and not is_shown and not document.read_only else ""

    def take_offer(self, watch: JobWatch) -> None:
        """Show a result's run, open its project or use its model, because the person wants it."""
        offer, document = self.offer(watch), self._session.document
        if offer == "open":
            if self._open_texts([watch.plan.target]):
                self._turn_to(watch.plan.clip_id)
        elif offer == "use":
            self._use_model(Path(watch.plan.target))
        elif offer == "show" and document is not None:
            try:
                document.show_run(watch.plan.clip_id, watch.status.run_id)
            except CoreError as error:
                self._session.hub.error(error)
                return
            self._refresh(watch.plan.clip_id)
            self.offers_changed.emit()

    def _turn_to(self, clip: str) -> None:
        """Show a clip of the document, given by its id, or by its path where it had none yet."""
        document = self._session.document
        for entry in document.entries() if document is not None else ():
            if clip in (entry.clip_id, str(entry.path)):
                self._session.open_clip(entry.clip_id)

    def _is_unused_model(self, watch: JobWatch) -> bool:
        """Whether a training has made a model that cannot be chosen by name yet."""
        from app.model_list import installed_as

        model = Path(watch.plan.target)
        is_made = watch.status.state == DONE and model.is_file()
        return is_made and not installed_as(model, self._project())

    def _use_model(self, model: Path) -> None:
        """Put a model into the lists of the predict dialog."""
        from app.model_list import install_model

        try:
            name = install_model(model, self._project())
        except (CoreError, OSError) as error:
            self._session.hub.error(error)
            return
        self._session.hub.info(f"“{name}” can be chosen in Predict now.")
        self.offers_changed.emit()

    def _project(self) -> Path | None:
        document = self._session.document
        return document.path if document is not None else None

    def close(self) -> None:
        """Watch no more."""
        self.jobs.close()

    def ask_before_closing(self, then_close: Callable[[], None]) -> bool:
        """Ask what becomes of running jobs.

        Args:
            then_close: Called when the person has chosen anything but to stay.

        Returns:
            Whether there was anything to ask.
        """
        count = len(self.jobs.running)
        if not count:
            return False
        question = ClosingQuestion(count, self._window)

        def chosen() -> None:
            answer = question.answer
            if answer == "stay":
                return
            if answer != "leave":
                for watch in self.jobs.running:
                    self.jobs.stop(watch, answer)
            then_close()

        question.finished.connect(chosen)
        question.open()
        return True

    # What happens

    @Slot()
    def _on_document(self) -> None:
        self.jobs.attach(self._place())
        known = self._session.document.job_states() if self._session.document else {}
        for watch in self.jobs.watches:
            # It ended while no window was open.
            if not watch.running and known.get(watch.files.folder.name) == "running":
                self._tell(watch)
                self._remember(watch)

    @Slot(object)
    def _on_changed(self, watch: JobWatch) -> None:
        """A run that grows is seen growing, if it is the one that is shown."""
        document, status = self._session.document, watch.status
        if document is None or not watch.running or not status.run_id or not self._is_here(watch):
            return
        step = max((status.total or 0) // _REFRESHES, 1)
        is_soon = time.monotonic() - self._refreshed_s < _REFRESH_S[self._session.playing]
        if is_soon or 0 <= status.done - self._refreshed_done < step:
            return
        if document.shown_run(watch.plan.clip_id) == status.run_id:
            self._refreshed_done = status.done
            self._refresh(watch.plan.clip_id)

    @Slot(object)
    def _on_ended(self, watch: JobWatch) -> None:
        document = self._session.document
        if document is not None and self._is_of_document(watch):
            document.look_again(watch.plan.clip_id)
            self._refresh(watch.plan.clip_id)
        self._remember(watch)
        self._tell(watch)
        self.offers_changed.emit()
        if self._is_waited_for(watch):
            self.take_offer(watch)

    def _tell(self, watch: JobWatch) -> None:
        title, words = watch.plan.title, state_words(watch)
        if watch.status.state == FAILED:
            details = "\n".join(t for t in (watch.status.details, watch.files.log_tail()) if t)
            self._session.hub.post(Message("error", f"{title}: {words}", details))
            return
        offer = "" if self._is_waited_for(watch) else self.offer(watch)
        words = words.rstrip(".") + _OFFERS.get(offer, "")
        self._session.hub.info(f"{title}: {words}.")

    def _refresh(self, clip_id: str) -> None:
        """Show the faces of the open clip anew; those of another clip are read when it opens."""
        session = self._session
        if session.entry is None or session.entry.clip_id != clip_id or session.clip is None:
            return
        self._refreshed_s = time.monotonic()
        session.note_data_changed(0, session.num_frames)

    def _is_of_document(self, watch: JobWatch) -> bool:
        """Whether a job is one of the open project's; its place says so, wherever it was moved."""
        document = self._session.document
        path = document.path if document is not None else None
        return path is not None and watch.files.folder.parent == path / JOBS

    def _is_here(self, watch: JobWatch) -> bool:
        """Whether a job works on the clip that is shown."""
        entry = self._session.entry
        is_clip = entry is not None and entry.clip_id == watch.plan.clip_id
        return is_clip and self._is_of_document(watch)

    def _is_waited_for(self, watch: JobWatch) -> bool:
        """Whether the clip a new project was made of is still the one on the canvas, and alone.

        Of several open clips the others would be gone from the list with its project's opening.
        """
        document, entry = self._session.document, self._session.entry
        is_alone = document is not None and len(document.entries()) == 1
        is_loose = is_alone and document is not None and document.path is None
        is_same = entry is not None and str(entry.path.absolute()) == watch.plan.clip_id
        return is_loose and is_same and watch.status.state == DONE

    def _remember(self, watch: JobWatch) -> None:
        """Note a job's state in the project, so that its end is told once, also after a restart."""
        document = self._session.document
        if document is None or document.read_only or not self._is_of_document(watch):
            return
        try:
            document.save_job(watch.files.folder.name, watch.plan, watch.status.state)
        except CoreError as error:
            self._session.hub.error(error)

    def _place(self) -> Path:
        """The folder of the jobs: the project's, else the user's."""
        document = self._session.document
        project = document.path if document is not None else None
        if project is not None and os.access(project, os.W_OK):
            return project / JOBS
        return loose_jobs_folder()

"""Opening and closing: the slots behind the File menu, recent files and what is dropped."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QWidget

from app import opening
from app.demo_child import DemoChild
from app.session import Session
from core import paths
from core.errors import CoreError


class Files(QObject):
    """Turns what a person chooses into the session's document."""

    def __init__(self, session: Session, window: QWidget) -> None:
        super().__init__(window)
        self._session = session
        self._window = window
        self.demo_child = DemoChild(session.hub, self)
        self.demo_child.made.connect(self._on_demo_made)

    def open_texts(self, texts: Sequence[str]) -> bool:
        """Open paths or patterns; a failure is told, and what was open stays.

        Returns:
            Whether it could be opened.
        """
        try:
            chosen = opening.expand(texts)
            if self._is_open_here(chosen):
                self._session.hub.info(f"{chosen[0].name} is open already.")
                return True
            document = opening.open_paths(chosen)
        except (CoreError, OSError) as error:
            self._session.hub.error(error)
            return False
        first = document.path or document.entries()[0].path
        if len(document.entries()) == 1 or document.path:
            self._session.settings.add_recent(first)
        self._session.open_document(document)
        return True

    def _is_open_here(self, chosen: Sequence[Path]) -> bool:
        """Whether this window has the very project open, so that its own lock would be in the way.

        One that can only be looked at is opened anew: it may be free now.
        """
        document = self._session.document
        if document is None or document.path is None or document.read_only or len(chosen) != 1:
            return False
        return chosen[0].samefile(document.path)

    def open_files(self) -> None:
        """Ask for clips."""
        chosen, _ = QFileDialog.getOpenFileNames(
            self._window, "Open clips", self._start_folder(), opening.dialog_filter()
        )
        if chosen:
            self.open_texts(chosen)

    def open_folder(self) -> None:
        """Ask for a folder: clips, an image folder or a project."""
        chosen = QFileDialog.getExistingDirectory(
            self._window, "Open a folder or project", self._start_folder()
        )
        if chosen:
            self.open_texts([chosen])

    def open_demo(self) -> None:
        """Open the demo project; made first, in a child process, where there is none yet."""
        found = [folder for folder in demo_places() if opening.is_project(folder)]
        if found:
            self.open_texts([str(found[0])])
        else:
            self.demo_child.start(paths.user_data() / "demo")

    def close_document(self) -> None:
        """Close what is open."""
        self._session.close_document()

    def reopen(self) -> None:
        """Open the project once more: its lock, or the folder's permissions, may be free now."""
        document = self._session.document
        if document is not None and document.path is not None:
            self.open_texts([str(document.path)])

    def relink(self) -> None:
        """Ask where the clip that cannot be found is now."""
        session = self._session
        if session.document is None or session.entry is None:
            return
        chosen, _ = QFileDialog.getOpenFileName(
            self._window, f"Where is {session.entry.title}?", self._start_folder(),
            opening.dialog_filter(),
        )  # fmt: skip
        if chosen:
            self.relink_to(Path(chosen))

    def relink_to(self, path: Path) -> None:
        """Show the current clip from another place."""
        session = self._session
        if session.document is None or session.entry is None:
            return
        clip_id = session.entry.clip_id
        try:
            others = session.document.relink(clip_id, path)
        except CoreError as error:
            session.hub.error(error)
            return
        if others:
            more = "1 more clip was" if others == 1 else f"{others} more clips were"
            session.hub.info(f"{more} found near it.")
        session.reopen_clip()

    def _on_demo_made(self, folder: str) -> None:
        self.open_texts([folder])

    def _start_folder(self) -> str:
        entry = self._session.entry
        if entry is not None:
            return str(entry.path.parent)
        recent = self._session.settings.value("recent")
        return str(Path(recent[0]).parent) if recent else str(Path.home())


def demo_places() -> list[Path]:
    """Where `make demo`, or this window, may have put the demo project."""
    return [
        paths.main_script().parent / "out" / "demo" / "demo.lin",
        paths.user_data() / "demo" / "demo.lin",
    ]

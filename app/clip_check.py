"""Whether the file of a clip is still the one that was added: looked at in a thread, told once.

A clip that was cut or encoded anew under its old name may open well and have every prediction and
correction on a wrong frame, so the person is told, and nothing else is kept from going on.
"""

from __future__ import annotations

import threading
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from app.canvas.banner import Banner
from app.session import Session
from core.errors import CoreError


class ClipCheck(QObject):
    """Looks at every clip that is opened from a project.

    Signals:
        looked: The clip, the content its file has, the content it should have; from the thread.
    """

    looked = Signal(str, str, str)

    def __init__(self, session: Session, banner: Banner) -> None:
        super().__init__(session)
        self._session, self._banner = session, banner
        self._threads: list[threading.Thread] = []
        self._content = ""
        """Of the file of the open clip, where it is another than the clip's."""
        self.looked.connect(self._on_looked)
        banner.keep_asked.connect(self.keep)
        session.clip_ready.connect(self._look)

    def close(self) -> None:
        """Return when no thread is left."""
        for thread in self._threads:
            thread.join()
        self._threads.clear()

    @Slot()
    def keep(self) -> None:
        """Take the file that is there for the open clip, because the person says so."""
        session = self._session
        if session.document is None or session.clip is None or session.entry is None:
            return
        from core.annotations.clips import Probe

        clip = session.clip
        known = Probe(self._content, clip.frames, clip.fps, clip.width, clip.height)
        try:
            session.document.take_file(session.entry.clip_id, known)
        except CoreError as error:
            session.hub.error(error)
            return
        session.reopen_clip()

    @Slot()
    def _look(self) -> None:
        session = self._session
        if session.document is None or session.entry is None:
            return
        wanted = session.document.known_content(session.entry.clip_id)
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        if wanted:
            arguments = (session.entry.clip_id, session.entry.path, wanted)
            thread = threading.Thread(target=self._compare, args=arguments, name="clip check")
            self._threads.append(thread)
            thread.start()

    def _compare(self, clip_id: str, path: Path, wanted: str) -> None:
        """In the thread: reads about a megabyte."""
        from core.video.content_id import content_id

        try:
            found = content_id(path)
        except CoreError:  # it cannot be read any more, which the next frame tells
            return
        self.looked.emit(clip_id, found, wanted)

    @Slot(str, str, str)
    def _on_looked(self, clip_id: str, found: str, wanted: str) -> None:
        entry, document = self._session.entry, self._session.document
        if found == wanted or entry is None or document is None or entry.clip_id != clip_id:
            return
        self._content = found
        self._banner.show_problem(
            f"{entry.path} is another file than the one this project was made with: predictions"
            " and corrections may not fit its frames. Relink… to the right one, or keep this one.",
            can_relink=True,
            can_keep=not document.read_only,
        )

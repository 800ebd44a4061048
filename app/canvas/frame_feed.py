"""Joins session, frame loader and canvas: what is asked for is loaded, what is loaded is shown."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Slot

from app.canvas.frame_loader import (
    READ_AHEAD_IDLE,
    READ_AHEAD_PLAYING,
    FrameLoader,
    LoadedFrame,
    OpenReader,
)
from app.canvas.video_view import VideoView
from app.session import Session
from app.viewing import OpenedClip

_PAUSE_MS = 150
"""A drag that rests this long is shown exactly, though it goes on."""


class FrameFeed(QObject):
    """Feeds the canvas.

    Late answers, for another clip or older than what is shown, are dropped.
    """

    def __init__(
        self, session: Session, view: VideoView, open_reader: OpenReader | None = None
    ) -> None:
        super().__init__(view)
        self._session = session
        self._view = view
        self.loader = FrameLoader(_cache_bytes(session), open_reader)
        self._clip_serial = -1
        self._last_serial = -1
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)
        self._pause.timeout.connect(self._ask_for_exact)
        self.loader.opened.connect(self._on_opened)
        self.loader.failed.connect(self._on_failed)
        self.loader.indexing.connect(self._on_indexing)
        self.loader.frame_ready.connect(self._on_frame_ready)
        self.loader.frame_failed.connect(self._on_frame_failed)
        session.clip_changed.connect(self._on_clip_changed)
        session.frame_changed.connect(self._on_frame_changed)
        session.playing_changed.connect(self._on_playing_changed)
        session.scrubbing_changed.connect(self._on_scrubbing_changed)
        session.settings.changed.connect(self._on_setting_changed)

    def close(self) -> None:
        """Stop the decoding thread."""
        self.loader.close()

    @Slot()
    def _on_clip_changed(self) -> None:
        session = self._session
        self._last_serial = -1
        if session.document is None or session.entry is None:
            self._clip_serial = self.loader.open(None)
            return
        if session.entry.problem and not session.entry.path.exists():
            self._clip_serial = self.loader.open(None)
            session.clip_not_opened(session.entry.problem)
            return
        folder = session.document.cache_folder()
        self._clip_serial = self.loader.open(session.entry.path, folder)

    @Slot(int, object)
    def _on_opened(self, serial: int, clip: OpenedClip) -> None:
        if serial == self._clip_serial:
            self._session.clip_opened(clip)
            self._set_read_ahead()

    @Slot(int, str, str)
    def _on_failed(self, serial: int, sentence: str, details: str) -> None:
        if serial == self._clip_serial:
            self._session.clip_not_opened(sentence)
            self._session.hub.warning(sentence, details)

    @Slot(int, int, int)
    def _on_indexing(self, serial: int, done: int, total: int) -> None:
        if serial == self._clip_serial and self._session.entry:
            share = f"{done / total:.0%}" if total else f"{done:,} frames"
            self._view.show_notice(f"Reading through {self._session.entry.title} once: {share}")

    @Slot(int)
    def _on_frame_changed(self, frame_idx: int) -> None:
        scrubbing = self._session.scrubbing
        self.loader.request(frame_idx, exact=not scrubbing)
        if scrubbing:
            self._pause.start()

    @Slot(object)
    def _on_frame_ready(self, loaded: LoadedFrame) -> None:
        request = loaded.request
        # Answers come in the order of their requests; one that was overtaken while it decoded is
        # still shown, or a steady drag would show nothing at all.
        if request.clip_serial == self._clip_serial and request.serial > self._last_serial:
            self._last_serial = request.serial
            is_exact = loaded.frame_idx == request.frame_idx
            self._view.show_frame(loaded.frame_idx, loaded.image, is_exact)

    @Slot(int, str)
    def _on_frame_failed(self, frame_idx: int, sentence: str) -> None:
        self._session.set_playing(False)
        self._session.hub.warning(f"Frame {frame_idx:,} cannot be shown: {sentence}")

    @Slot(bool)
    def _on_playing_changed(self, playing: bool) -> None:
        self._set_read_ahead()

    @Slot(bool)
    def _on_scrubbing_changed(self, scrubbing: bool) -> None:
        if not scrubbing:
            self._pause.stop()
            self._ask_for_exact()

    @Slot()
    def _ask_for_exact(self) -> None:
        """Ask for the very frame the drag has come to rest on."""
        session = self._session
        if session.clip and session.shown_frame_idx != session.frame_idx:
            self.loader.request(session.frame_idx)

    @Slot(str)
    def _on_setting_changed(self, key: str) -> None:
        if key == "read_ahead":
            self._set_read_ahead()
        elif key == "frame_cache_mib":
            self.loader.set_cache_bytes(_cache_bytes(self._session))

    def _set_read_ahead(self) -> None:
        playing = self._session.playing
        wanted = READ_AHEAD_PLAYING if playing else READ_AHEAD_IDLE
        if not self._session.settings.value("read_ahead"):
            wanted = 0
        self.loader.set_read_ahead(wanted, playing)


def _cache_bytes(session: Session) -> int:
    return int(session.settings.value("frame_cache_mib")) * 2**20

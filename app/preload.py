"""Loads what is dear and will be needed soon, in a thread, while the person looks at the clip.

The window starts without the store, the formats and the compiled painting; the first project,
correction or dialog would otherwise stand still for as long as they take to load.
"""

from __future__ import annotations

import importlib
import threading
import time
from contextlib import suppress

import numpy as np
from PySide6.QtCore import QObject, QTimer, Slot

from app.session import Session

_AFTER_MS = 700
"""Once the first frame is shown; nothing that happens then may be slowed down."""
_PAUSE_S = 0.02
MODULES = (
    "core.annotations.project",
    "core.annotations.point_edits",
    "core.inference.model_source",
    "core.nets.model_file",
    "core.training.recipe",
    "core.formats.registry",
    "core.masks.from_landmarks",
)


class Preload(QObject):
    """Begins after the first frame of the first clip, rests while it plays."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._is_closing = False
        self._thread = threading.Thread(target=self._load, name="preload", daemon=True)
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(_AFTER_MS)
        self._later.timeout.connect(self._thread.start)
        session.frame_shown.connect(self._on_frame_shown)

    @property
    def is_loading(self) -> bool:
        """Whether something is still to come."""
        return self._later.isActive() or self._thread.is_alive()

    def close(self) -> None:
        """Stop after the module in hand; returns when no thread is left."""
        self._is_closing = True
        self._later.stop()
        if self._thread.ident is not None:
            self._thread.join()

    @Slot()
    def _on_frame_shown(self) -> None:
        self._session.frame_shown.disconnect(self._on_frame_shown)
        self._later.start()

    def _load(self) -> None:
        for name in MODULES:
            while self._session.playing and not self._is_closing:
                time.sleep(_PAUSE_S)
            if self._is_closing:
                return
            with suppress(Exception):  # whoever needs it for something will hear of it
                importlib.import_module(name)
            time.sleep(_PAUSE_S)
        with suppress(Exception):
            _paint_once()


def _paint_once() -> None:
    """Load the compiled painting of masks."""
    from core.masks.from_landmarks import paint_face5

    angle = np.linspace(0, 2 * np.pi, 68, endpoint=False)
    paint_face5(8 + 6 * np.stack([np.cos(angle), np.sin(angle)], axis=1), (16, 16))

"""Runs the landmark model on one face in a thread of its own: the newest request wins.

The thread loads the model when it is first needed and keeps it. Nothing here knows what becomes of
an answer; an answer carries the request it answers.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from app.document import RunModel
from app.messages import details_of, sentence_of
from core.errors import CoreError


@dataclass(frozen=True, eq=False)
class FaceRequest:
    """A face whose landmarks are wanted."""

    serial: int
    project: Path | None
    """The open project's folder."""
    clip_id: str
    frame_idx: int
    track_id: int
    box_xyxy: NDArray[np.float32]
    """(4,) the tight box its landmarks are expected in."""
    rgb: NDArray[np.uint8]
    """(H, W, 3)."""
    model: RunModel | None
    """The shown run's; the default one without it."""
    scheme: Any
    """LandmarkScheme of the clip."""


@dataclass(frozen=True, eq=False)
class FaceAnswer:
    """What the model says."""

    request: FaceRequest
    xy: NDArray[np.float64]
    """(M, 2) in the clip's scheme, NaN for points the model does not give."""
    score: float
    is_sure: bool
    """Whether the model's confidence reaches what it needs to start following a face."""
    note: str
    """A sentence about the model used, or empty."""


class FaceFinder(QObject):
    """Signals:
    loading: The model is loaded for the first time, which takes a moment. The adder tells.
    found: A FaceAnswer. The adder listens.
    failed: FaceRequest, sentence, details. The adder listens.
    """

    loading = Signal()
    found = Signal(object)
    failed = Signal(object, str, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._wake = threading.Condition()
        self._waiting: FaceRequest | None = None
        self._closing = False
        self._thread: threading.Thread | None = None
        self._models: dict[Path, Any] = {}
        self._chosen: dict[tuple[Path | None, str, str], Any] = {}

    def request(self, request: FaceRequest) -> None:
        """Ask for a face; a request that still waits is forgotten."""
        with self._wake:
            self._waiting = request
            self._wake.notify()
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="face-finder", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """End the thread; returns when it has ended."""
        with self._wake:
            self._closing = True
            self._waiting = None
            self._wake.notify()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    # In the thread

    def _run(self) -> None:
        while (request := self._next()) is not None:
            try:
                answer = self._answer(request)
            except Exception as error:  # a damaged model must not take the window down
                self._tell(self.failed, request, _sentence(error), details_of(error))
            else:
                self._tell(self.found, answer)

    def _next(self) -> FaceRequest | None:
        with self._wake:
            while self._waiting is None and not self._closing:
                self._wake.wait()
            request, self._waiting = self._waiting, None
            return None if self._closing else request

    def _tell(self, signal: Any, *values: Any) -> None:
        if not self._closing:
            signal.emit(*values)

    def _answer(self, request: FaceRequest) -> FaceAnswer:
        from core.devices import DeviceLock

        predictor, note = self._model(request)
        with DeviceLock("cpu").held():
            found = predictor.predict(request.rgb, request.box_xyxy.astype(np.float64))
        xy = np.asarray(found.landmarks, dtype=np.float64)
        if predictor.scheme.name != request.scheme.name:
            xy = predictor.scheme.convert(xy, request.scheme)
            note = " ".join(filter(None, [note, _conversion_note(predictor.scheme, xy)]))
        is_sure = found.score >= predictor.card.face_score
        return FaceAnswer(request, xy, found.score, is_sure, note)

    def _model(self, request: FaceRequest) -> tuple[Any, str]:
        """The model for a request, loaded once, and what is to be said of the choice."""
        from core.inference import one_face
        from core.inference.model_source import model_folders

        name, sha256 = (request.model.name, request.model.sha256) if request.model else ("", "")
        key = (request.project, name, sha256)
        if key not in self._chosen:
            folders = model_folders(request.project)
            self._chosen[key] = one_face.choose_model(name, sha256, folders)
        chosen = self._chosen[key]
        if chosen.path not in self._models:
            self._tell(self.loading)
            self._models[chosen.path] = one_face.load_landmark_model(chosen.path)
        return self._models[chosen.path], chosen.note


def _sentence(error: Exception) -> str:
    """The sentence of a failure; one that is nobody's is about the model."""
    if isinstance(error, CoreError | OSError):
        return sentence_of(error)
    return "The model failed on this face."


def _conversion_note(scheme: Any, xy: NDArray[np.float64]) -> str:
    lacking = int((~np.isfinite(xy).all(axis=1)).sum())
    return f"The model gives {scheme.title}: {lacking} landmarks are missing." if lacking else ""

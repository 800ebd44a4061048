"""A clip of bright discs, which a little model without weights takes for faces, and its people."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
from PySide6.QtCore import QPoint, Qt

from core.annotations.records import FaceRecord, ShownFace, Source
from core.geometry import box_of_points
from core.masks.label_map import LabelMap
from tests.app.correction.kit import Hand
from tests.core.inference.blob_model import OFFSETS

FRAMES, WIDTH, HEIGHT = 40, 320, 200
MISSED = (160.0, 150.0, 20.0)
"""A face that the run has not found."""


def places(frame_idx: int) -> list[tuple[float, float, float]]:
    """Ann at the left, Bob at the right, Cyd in the middle from frame 30 on, and one missed."""
    ann = (70.0 + frame_idx, 70.0, 24.0)
    bob = (260.0 - frame_idx, 80.0, 22.0)
    cyd = [(160.0, 40.0, 18.0)] if frame_idx >= 30 else []
    return [ann, bob, *cyd, MISSED]


def points_of(place: tuple[float, float, float]) -> np.ndarray:
    """The five points of a disc."""
    return np.array(place[:2]) + OFFSETS * place[2]


def record(track: int, place: tuple[float, float, float]) -> FaceRecord:
    xy = points_of(place).astype(np.float32)
    labels = np.full((30, 30), track + 1, np.uint8)
    x0, y0 = int(place[0]) - 15, int(place[1]) - 15
    return FaceRecord(
        track, box_of_points(xy).astype(np.float32), 0.9, xy, np.full(5, 0.8, np.float32),
        source=Source.HEAVY, label_maps={"face5": LabelMap(labels, x0, y0)},
    )  # fmt: skip


class Gate:
    """A model that answers when it is let: results come as late as a test wants."""

    def __init__(self, predictor: Any) -> None:
        self._predictor = predictor
        self.asked = threading.Semaphore(0)
        self.free = threading.Event()
        self.boxes: list[np.ndarray] = []
        self.threads: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._predictor, name)

    def predict(self, rgb: np.ndarray, box_xyxy: np.ndarray) -> Any:
        self.boxes.append(box_xyxy)
        self.threads.add(threading.current_thread().name)
        self.asked.release()
        assert self.free.wait(30)
        return self._predictor.predict(rgb, box_xyxy)


class PeopleHand(Hand):
    """Mouse and keys, and what is told."""

    @property
    def told(self) -> str:
        """The last message."""
        history = self.session.hub.history
        return history[-1].text if history else ""

    @property
    def adder(self):
        return self.window.people.adder

    @property
    def people(self):
        """The list of people."""
        from app.people.people_list import PeopleList

        return self.window.findChild(PeopleList)

    def shown(self, frame_idx: int | None = None) -> dict[int, ShownFace]:
        """By track: the faces stored for a frame."""
        here = self.session.frame_idx if frame_idx is None else frame_idx
        clip_id = self.session.entry.clip_id
        return {face.track_id: face for face in self.project.shown(clip_id, here)}

    def who(self, frame_idx: int | None = None) -> dict[int, str]:
        """By track: which of the people of the clip it is, told by where it is."""
        here = self.session.frame_idx if frame_idx is None else frame_idx
        named = dict(zip("abc", places(here), strict=False)) | {"m": MISSED}
        if here < 30:
            named.pop("c")
        found = {}
        for track, face in self.shown(here).items():
            middle = (face.box_xyxy[:2] + face.box_xyxy[2:]) / 2
            gaps = {n: np.hypot(*(middle - p[:2])) for n, p in named.items()}
            found[track] = min(gaps, key=gaps.get)
        return found

    def wait_for_model(self) -> None:
        self.qtbot.waitUntil(lambda: not self.adder.is_waiting, timeout=20_000)

    def wait_for_columns(self) -> None:
        """Until the columns are those of the tables."""
        self.qtbot.waitUntil(lambda: not self.window.column_loader.is_reading, timeout=20_000)

    def click_person(self, row: int, column: int = 1, double: bool = False) -> None:
        """Click a row of the list of people."""
        view = self.people
        view.scrollToItem(view.topLevelItem(row))
        rect = view.visualItemRect(view.topLevelItem(row))
        x = view.header().sectionViewportPosition(column) + view.header().sectionSize(column) // 2
        at = QPoint(x, rect.center().y())
        self.qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=at)
        if double:
            self.qtbot.mouseDClick(view.viewport(), Qt.MouseButton.LeftButton, pos=at)

    def rows(self) -> list[list[str]]:
        """What the list of people says: name, frames, first and last."""
        view = self.people
        items = [view.topLevelItem(row) for row in range(view.topLevelItemCount())]
        return [[item.text(column) for column in (1, 2, 3)] for item in items]

"""A world of painted faces with a known script, a detector and a landmark net that see it truly."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import pytest

from core.faces.cuts import is_cut, thumbnail
from core.faces.detection import Detection, standard_box
from core.faces.tracking import Located, Tracker, TrackerSettings
from core.geometry import apply_affine, box_iou, invert_affine
from core.nets.model_card import BoxRule

SHAPE = np.array([[-0.3, -0.4], [0.3, -0.4], [0.0, 0.0], [-0.5, 0.1], [0.5, 0.1], [0.0, 0.5]])
HW = (64, 64)
Place = tuple[float, float, float]
"""Centre x, y and height of a face's hull."""


def painted(name: str, side: int) -> np.ndarray:
    """How a person looks: a head of their own colours and pattern, the same at every size."""
    rng = np.random.default_rng(sum(map(ord, name)) * 7919)
    coarse = rng.integers(30, 225, (5, 5, 3), dtype=np.uint8)
    return cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC)


class FaceWorld:
    """Frames with faces at scripted places; later people stand in front of earlier ones.

    Args:
        script: Per frame: person → place. Scenes: per frame a grey level of the background.
    """

    def __init__(self, script: Sequence[dict[str, Place]], scenes: Sequence[int] = ()) -> None:
        self.script = list(script)
        self.scenes = list(scenes) or [90] * len(script)
        self.detections = 0
        self.now = 0
        self.detection_score = 0.9
        self.landmark_score = 0.9

    def frame(self, i: int) -> np.ndarray:
        rgb = np.full((240, 400, 3), self.scenes[i], np.uint8)
        for name, (x, y, size) in self.script[i].items():
            side = round(1.5 * size)
            left, top = round(x - side / 2), round(y - side / 2)
            patch = painted(name, side)
            x0, y0, x1, y1 = max(left, 0), max(top, 0), min(left + side, 400), min(top + side, 240)
            if x1 > x0 and y1 > y0:
                rgb[y0:y1, x0:x1] = patch[y0 - top : y1 - top, x0 - left : x1 - left]
        return rgb

    def hull(self, name: str, i: int) -> np.ndarray:
        points = self.points(name, i)
        return np.concatenate([points.min(axis=0), points.max(axis=0)])

    def points(self, name: str, i: int) -> np.ndarray:
        x, y, size = self.script[i][name]
        return SHAPE * size + [x, y]

    def visible(self, i: int) -> list[str]:
        """People of whom at least half is not covered by somebody in front."""
        names = list(self.script[i])
        seen = []
        for k, name in enumerate(names):
            covers = [
                float(box_iou(self.hull(name, i), self.hull(other, i))[0, 0])
                for other in names[k + 1 :]
            ]
            x, y, _ = self.script[i][name]
            if max(covers, default=0.0) < 0.33 and 0 <= x < 400 and 0 <= y < 240:
                seen.append(name)
        return seen

    # ---- what the tracker sees of it

    name = "world"

    def detect(self, rgb: np.ndarray, thorough: bool = False) -> list[Detection]:
        self.detections += 1
        i = self.now
        boxes = [standard_box(self.hull(name, i)) for name in self.visible(i)]
        return [Detection(box, self.detection_score, "yunet") for box in boxes]

    def locate(self, rgb: np.ndarray, matrices: Sequence[np.ndarray]) -> list[Located]:
        return [self._locate_one(matrix) for matrix in matrices]

    def _locate_one(self, matrix: np.ndarray) -> Located:
        """The visible face nearest to the crop's middle, if it lies well inside."""
        i = self.now
        middle = apply_affine(invert_affine(matrix), np.array([31.5, 31.5]))
        side = 64 / np.sqrt(abs(np.linalg.det(matrix[:, :2])))
        names = self.visible(i)
        far = [float(np.linalg.norm(middle - self.points(n, i).mean(axis=0))) for n in names]
        if not names or min(far) > 0.35 * side:
            return Located(SHAPE * side / 2 + middle, np.full(6, 0.05), 0.05)
        score = self.landmark_score
        return Located(self.points(names[int(np.argmin(far))], i), np.full(6, score), score)

    def tracker(self) -> Tracker:
        return Tracker(
            self.locate, self, BoxRule(scale=1.3), HW, (0, 1), TrackerSettings(patience=5)
        )

    def follow(
        self, tracker: Tracker | None = None, start: int = 0, stop: int | None = None
    ) -> list[dict[str, int]]:
        """Per frame: person → track id."""
        tracker = tracker or self.tracker()
        seen = []
        before = thumbnail(self.frame(start - 1)) if start else None
        for i in range(start, len(self.script) if stop is None else stop):
            self.now = i
            rgb = self.frame(i)
            now = thumbnail(rgb)
            cut = before is not None and is_cut(before, now)
            before = now
            found = self.detect(rgb) if cut or i % 10 == 0 else None
            faces = tracker.step(i, rgb, cut, found)
            seen.append({self._whose(face.located, i): face.track_id for face in faces})
            assert len(seen[-1]) == len(faces), f"two tracks on one face in frame {i}"
        return seen

    def _whose(self, located: Located, i: int) -> str:
        return next(
            name for name in self.visible(i) if np.allclose(located.points, self.points(name, i))
        )


@pytest.fixture
def world():
    """The class, to be given a script."""
    return FaceWorld

"""Finding faces in a frame, without any download: OpenCV's cascades, or YuNet from a file.

Every detector frames a face in its own way. A detection therefore carries the detector's own box
and `hull_xyxy`, what the tight box of the 68 landmarks will be: a linear map a kind of detector,
measured, see `_HULLS`. Crops are made from the latter.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import InputError
from core.geometry import Array, box_centre_size, box_from_centre, box_iou

LONGEST_SIDE_PX = 640
"""Frames are shrunk to this before detection."""


@dataclass(frozen=True)
class HullMap:
    """From a detector's box to the landmarks' tight box, in shares of the detector's box."""

    width: float
    height: float
    shift_x: float
    shift_y: float

    def hull(self, box_xyxy: Array) -> Array:
        """The expected tight box of the landmarks, (4,)."""
        centre, size = box_centre_size(box_xyxy)
        moved = centre + size * np.array([self.shift_x, self.shift_y])
        return box_from_centre(moved, size * np.array([self.width, self.height]))

    def box(self, hull_xyxy: Array) -> Array:
        """The detector box that belongs to a hull, (4,); the inverse of `hull`."""
        centre, hull_size = box_centre_size(hull_xyxy)
        size = hull_size / np.array([self.width, self.height])
        return box_from_centre(centre - size * np.array([self.shift_x, self.shift_y]), size)


# Medians over 745 frames (every 5th) of 22 real clips, each face's hull taken from PFLD's 68 points
# after two passes from YuNet's box (727 faces; 715 found by the frontal, 176 by the profile
# cascade). Median absolute deviation ≤ 0.04 of the box, 0.075 for the profile's width. The profile
# cascade was trained on faces that look to the image's left; its box reaches in front of the face.
_HULLS = {
    "yunet": HullMap(1.026, 0.755, 0.007, 0.125),
    "frontal": HullMap(0.804, 0.822, 0.0, 0.152),
    "profile_left": HullMap(0.76, 0.78, -0.10, 0.178),
    "profile_right": HullMap(0.76, 0.78, 0.10, 0.178),
}

# Weights of the last cascade stage that separate faces from other things on those frames: of 726
# frames in which YuNet finds a face the two below find 719 (99.0 %; 605 of 612 in an earlier count
# is 98.9 %), and nothing that is no face; frontal alone: 715.
_FRONTAL_WEIGHT = 106.95
_PROFILE_WEIGHT = 2.0
_MIN_NEIGHBOURS = 2
_SCALE_STEP = 1.1
_SMALLEST_SHARE = 0.08
_SMALLEST_PX = 24
_YUNET_SCORE = 0.6
_SAME_FACE_IOU = 0.3
_SAME_FACE_INSIDE = 0.7


@dataclass(frozen=True, eq=False)
class Detection:
    """One face a detector reports."""

    box_xyxy: Array
    """(4,) float64, the detector's own framing."""
    score: float
    """0 … 1, comparable within one detector only."""
    kind: str
    """"frontal", "profile_left", "profile_right" or "yunet"."""

    @property
    def hull_xyxy(self) -> Array:
        """Where the landmarks' tight box is expected, (4,)."""
        return _HULLS[self.kind].hull(self.box_xyxy)


class Detector(Protocol):
    """Anything that finds faces; may be called from several threads at once."""

    name: str

    def detect(self, rgb: NDArray[np.uint8], thorough: bool = False) -> list[Detection]:
        """Faces of a frame, best first, at most one a face.

        Args:
            rgb: (H, W, 3).
            thorough: Look for profiles too even where frontal faces were found.
        """


def standard_box(hull_xyxy: Array) -> Array:
    """The detector-like box (YuNet's framing) about landmarks, (4,): the anchor "detector"."""
    return _HULLS["yunet"].box(hull_xyxy)


def make_detector(name: str) -> Detector:
    """The detector an option names: "cascade" or "yunet:FILE".

    Raises:
        InputError: If the name is unknown or the file is missing or no YuNet model.
    """
    kind, _, file = name.partition(":")
    if name == "cascade":
        return CascadeDetector()
    if kind == "yunet" and file:
        return YuNetDetector(Path(file).expanduser())
    raise InputError(f"There is no detector '{name}'; known are cascade and yunet:FILE.")


class CascadeDetector:
    """OpenCV's boosted cascades (Viola and Jones 2001): frontal, and profile in both directions."""

    name = "cascade"

    def __init__(self) -> None:
        # A cascade keeps scratch space inside, so every thread has its own.
        self._local = threading.local()

    def detect(self, rgb: NDArray[np.uint8], thorough: bool = False) -> list[Detection]:
        """Faces of a frame; profiles are looked for where no frontal face was found."""
        grey, scale = _shrunk(rgb, cv2.COLOR_RGB2GRAY)
        found = self._scan("frontal", grey)
        if thorough or not found:
            found += self._scan("profile_left", grey)
            found += self._scan("profile_right", grey)
        return merge_detections([_rescaled(one, scale) for one in found])

    def _scan(self, kind: str, grey: NDArray[np.uint8]) -> list[Detection]:
        flip = kind == "profile_right"
        picture = np.ascontiguousarray(grey[:, ::-1]) if flip else grey
        least = max(_SMALLEST_PX, int(_SMALLEST_SHARE * min(grey.shape)))
        boxes, _, weights = self._cascade(kind).detectMultiScale3(
            picture, _SCALE_STEP, _MIN_NEIGHBOURS, 0, (least, least), outputRejectLevels=True
        )
        floor = _FRONTAL_WEIGHT if kind == "frontal" else _PROFILE_WEIGHT
        found = []
        for (x, y, width, height), weight in zip(boxes, weights, strict=True):
            if weight >= floor:
                left = grey.shape[1] - x - width if flip else x
                # A rectangle of whole pixels spans half a pixel more on every side.
                box = np.array([left, y, left + width, y + height], dtype=np.float64) - 0.5
                found.append(Detection(box, 1.0 - 0.5 * float(np.exp(floor - weight)), kind))
        return found

    def _cascade(self, kind: str) -> cv2.CascadeClassifier:
        loaded = self._local.__dict__.setdefault("cascades", {})
        file = "frontalface_alt" if kind == "frontal" else "profileface"
        if file not in loaded:
            folder = Path(cv2.data.haarcascades)  # type: ignore[attr-defined]
            loaded[file] = cv2.CascadeClassifier(str(folder / f"haarcascade_{file}.xml"))
        return loaded[file]


class YuNetDetector:
    """YuNet (Wu et al. 2023) from an ONNX file, through OpenCV.

    Raises:
        InputError: If the file is missing or no YuNet model.
    """

    def __init__(self, file: Path) -> None:
        self.name = f"yunet:{file}"
        self._file = file
        self._local = threading.local()
        if not file.is_file():
            raise InputError(f"{file}: there is no such detector file; check the path.")
        # OpenCV writes a page about a file it cannot use; the sentence below is enough.
        level = cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
        try:
            self.detect(np.zeros((64, 64, 3), dtype=np.uint8))
        except cv2.error as error:
            raise InputError(f"{file}: OpenCV cannot use it as a YuNet face detector.") from error
        finally:
            cv2.utils.logging.setLogLevel(level)

    def detect(self, rgb: NDArray[np.uint8], thorough: bool = False) -> list[Detection]:
        """Faces of a frame; `thorough` changes nothing."""
        small, scale = _shrunk(rgb, cv2.COLOR_RGB2BGR)
        net = self._net()
        net.setInputSize((small.shape[1], small.shape[0]))
        _, rows = net.detect(small)
        found = []
        for row in np.zeros((0, 15)) if rows is None else np.asarray(rows, dtype=np.float64):
            box = np.concatenate([row[:2], row[:2] + row[2:4]]) - 0.5
            found.append(_rescaled(Detection(box, float(row[14]), "yunet"), scale))
        return merge_detections(found)

    def _net(self) -> cv2.FaceDetectorYN:
        net = getattr(self._local, "net", None)
        if net is None:
            side = (LONGEST_SIDE_PX, LONGEST_SIDE_PX)
            net = cv2.FaceDetectorYN.create(str(self._file), "", side, _YUNET_SCORE)
            self._local.net = net
        return net


def merge_detections(found: list[Detection]) -> list[Detection]:
    """At most one detection a face: frontal before profile, then by score.

    Two are the same face where their hulls overlap by 0.3 (intersection over union) or one lies
    for 0.7 of its area inside the other.
    """
    order = sorted(
        found, key=lambda d: (d.kind.startswith("profile"), -d.score, *d.box_xyxy.tolist())
    )
    kept: list[Detection] = []
    for one in order:
        if not any(same_face(one.hull_xyxy, other.hull_xyxy) for other in kept):
            kept.append(one)
    return kept


def same_face(a_xyxy: Array, b_xyxy: Array) -> bool:
    """Whether two hulls (4,) can only be one face: overlap ≥ 0.3, or one lies inside the other."""
    if float(box_iou(a_xyxy, b_xyxy)[0, 0]) > _SAME_FACE_IOU:
        return True
    overlap = np.clip(
        np.minimum(a_xyxy[2:], b_xyxy[2:]) - np.maximum(a_xyxy[:2], b_xyxy[:2]), 0, None
    ).prod()
    smaller = min((a_xyxy[2:] - a_xyxy[:2]).prod(), (b_xyxy[2:] - b_xyxy[:2]).prod())
    return bool(overlap > _SAME_FACE_INSIDE * smaller)


def _shrunk(rgb: NDArray[np.uint8], conversion: int) -> tuple[NDArray[np.uint8], float]:
    """The picture in other colours with its longer side ≤ 640, and by how much it was scaled."""
    picture = np.asarray(cv2.cvtColor(rgb, conversion), dtype=np.uint8)
    longest = max(picture.shape[:2])
    if longest <= LONGEST_SIDE_PX:
        return picture, 1.0
    scale = LONGEST_SIDE_PX / longest
    height, width = (max(1, round(side * scale)) for side in picture.shape[:2])
    small = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.uint8), scale


def _rescaled(found: Detection, scale: float) -> Detection:
    # Outer edges scale, pixel centres lie half a pixel inside them.
    return Detection((found.box_xyxy + 0.5) / scale - 0.5, found.score, found.kind)

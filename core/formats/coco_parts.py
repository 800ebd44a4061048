"""The pieces of a COCO file as our records; all raise ValueError (or TypeError) on damage."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.annotations.records import FaceRecord, Source
from core.formats.numbers import floats
from core.masks.label_map import LabelMap
from core.masks.polygons import paint_rings
from core.masks.rle import box_of_counts, paint_counts, read_counts

Record = Mapping[str, Any]
Box = tuple[int, int, int, int]

_LARGEST_SIDE = 1 << 16
_LARGEST_AREA = 1 << 28


def face_record(record: Record, track_id: int) -> FaceRecord:
    """A face annotation: box, keypoints, scores, source."""
    score = record.get("score", 1.0)
    face = FaceRecord(
        track_id,
        _box(record.get("bbox")),
        math.nan if score is None else number(score, 1.0),
        source=_source(record.get("source")),
    )
    if record.get("keypoints") and record.get("located", True):
        _add_landmarks(face, record)
    for name, values in as_object(record.get("class_scores")).items():
        face.class_scores[name] = floats(values, (-1, 2))
    return face


def crop_box(crops: Any, scheme: str) -> Box | None:
    """Where our own files say a label map lies, None where they say nothing."""
    box = as_object(crops).get(scheme)
    if box is None:
        return None
    if not isinstance(box, list) or len(box) != 4 or not all(_is_whole(n) for n in box):
        raise ValueError("a crop is a list of four whole numbers")
    x0, y0, x1, y1 = box
    _check_size(x1 - x0, y1 - y0)
    return x0, y0, x1, y1


def label_map(
    regions: Sequence[tuple[int, Record]], crop: Box | None, frame_hw: tuple[int, int]
) -> LabelMap:
    """Paint class regions, in order, into their crop or into the box round all of them.

    Args:
        regions: (class, annotation) pairs.
        crop: Half-open box, or None to fit it.
        frame_hw: Height and width of the image, which must be the run-lengths' own.
    """
    shapes = [(value, _shape(record.get("segmentation"), frame_hw)) for value, record in regions]
    x0, y0, x1, y1 = crop or _hull([_shape_box(shape, frame_hw) for _, shape in shapes])
    _check_size(x1 - x0, y1 - y0)
    painted = LabelMap(np.zeros((y1 - y0, x1 - x0), np.uint8), x0, y0)
    for value, shape in shapes:
        if isinstance(shape, np.ndarray):
            paint_counts(shape, frame_hw, painted, value)
        else:
            paint_rings(painted.labels, [ring - np.array([x0, y0]) for ring in shape], value)
    return painted


def corner_box(label_map: LabelMap) -> NDArray[np.float32]:
    """The box round a crop in our convention (integer = pixel centre)."""
    return (np.array(label_map.box_xyxy) - 0.5).astype(np.float32)


def number(value: Any, default: float) -> float:
    """A finite number, else the default."""
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300:
        return float(value)
    return default


def as_object(value: Any) -> dict[str, Any]:
    """An object, {} for anything else."""
    return value if isinstance(value, dict) else {}


def _add_landmarks(face: FaceRecord, record: Record) -> None:
    flat = floats(record["keypoints"], (len(record["keypoints"]),))
    if len(flat) % 3:
        raise ValueError(f"{len(flat)} keypoint numbers are no triplets")
    x, y, v = flat.reshape(-1, 3).T
    missing = np.isnan(x) | np.isnan(y) | ~(v > 0)
    face.landmarks = np.where(missing[:, None], np.float32(np.nan), np.stack([x, y], axis=1))
    if record.get("visibility_known", bool((v == 2).any())):
        face.visible = v == 2
    if "keypoint_scores" in record:
        face.landmark_scores = floats(record["keypoint_scores"], (len(v),))


def _box(bbox: Any) -> NDArray[np.float32]:
    """x, y, width, height from pixel corners → xyxy in our convention."""
    if not isinstance(bbox, list) or len(bbox) != 4:
        return np.full(4, np.nan, dtype=np.float32)
    x, y, width, height = (number(value, math.nan) for value in bbox)
    x, y = x - 0.5, y - 0.5
    return np.array([x, y, x + width, y + height], dtype=np.float32)


def _source(value: Any) -> Source:
    return Source(value) if _is_whole(value) and value in set(Source) else Source.IMPORTED


def _shape(
    segmentation: Any, frame_hw: tuple[int, int]
) -> NDArray[np.int64] | list[NDArray[np.float64]]:
    """Run-lengths, or polygons in the corner convention."""
    if isinstance(segmentation, dict):
        counts, size = read_counts(segmentation)
        if size != frame_hw:
            raise ValueError(f"run-lengths of {size}, in an image of {frame_hw}")
        return counts
    if not isinstance(segmentation, list):
        raise ValueError("a segmentation is run-lengths or polygons")
    rings = []
    for polygon in segmentation:
        flat = floats(polygon, (len(polygon),)).astype(np.float64)
        if len(flat) < 6 or len(flat) % 2 or not np.isfinite(flat).all():
            raise ValueError("a polygon has at least three points x, y")
        rings.append(flat.reshape(-1, 2))
    return rings


def _shape_box(
    shape: NDArray[np.int64] | list[NDArray[np.float64]], frame_hw: tuple[int, int]
) -> Box:
    if isinstance(shape, np.ndarray):
        return box_of_counts(shape, frame_hw)
    points = np.concatenate(shape)
    low = np.clip(np.floor(points.min(axis=0)), 0, frame_hw[::-1]).astype(int)
    high = np.clip(np.ceil(points.max(axis=0)), low, frame_hw[::-1]).astype(int)
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def _hull(boxes: Sequence[Box]) -> Box:
    real = np.array([box for box in boxes if box[2] > box[0] and box[3] > box[1]])
    if len(real) == 0:
        return 0, 0, 0, 0
    (x0, y0), (x1, y1) = real[:, :2].min(axis=0), real[:, 2:].max(axis=0)
    return int(x0), int(y0), int(x1), int(y1)


def _check_size(width: int, height: int) -> None:
    if not 0 <= width <= _LARGEST_SIDE or not 0 <= height <= _LARGEST_SIDE:
        raise ValueError(f"a label map of {width} × {height} pixels")
    if width * height > _LARGEST_AREA:
        raise ValueError(f"a label map of {width} × {height} pixels is too large")


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 31

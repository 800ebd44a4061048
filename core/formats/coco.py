"""COCO: keypoints and run-length masks in one JSON file.

One image entry a frame (`frame_index`, `time_s` and `video_id` beside COCO's own fields, which
other readers ignore). One annotation a face in the category "face": box, keypoints x, y, v (v: 0
missing, 1 hidden, 2 visible), and beside them `keypoint_scores`, `score`, `track_id`, `source`. One
further annotation a class of each label map, in a category named after the class, supercategory
after the scheme: run-lengths made from the crop's own runs.

Keypoints are pixels, integer = pixel centre. Boxes count from pixel corners, as COCO's do: our box
moved by ½. The skeleton's edges are the scheme's contours, counted from 1.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from core.annotations.records import FaceRecord, ShownFace
from core.formats.coco_reader import read, recognises
from core.formats.files import new_file
from core.formats.numbers import exact, exact_one
from core.formats.records import ExportClip, ExportFrame, Frames, frame_stem
from core.masks.rle import box_of_counts, class_counts, compress
from core.schemes import LandmarkScheme

FORMAT_VERSION = 1
FACE = "face"

__all__ = ["lost", "read", "recognises", "skeleton", "write"]

Record = dict[str, Any]


def lost(clip: ExportClip) -> list[str]:
    """What this format leaves out of a clip."""
    return ["Label maps are cut off at the frame's edges."] if clip.mask_schemes else []


def write(path: Path, clip: ExportClip, frames: Frames) -> int:
    """Write the file; frames are taken one by one and never held.

    Returns:
        Number of frames written.

    Raises:
        ResourceError: If the place cannot be written.
    """
    written: list[tuple[int, float]] = []
    writer = _Annotations(clip)
    with new_file(path) as stream:
        stream.write('{"annotations": [')
        first = True
        for frame in frames:
            for record in writer.of_frame(frame):
                stream.write(("\n" if first else ",\n") + _json(record))
                first = False
            written.append((frame.index, frame.time_s))
        stream.write("],\n")
        _write_rest(stream, clip, writer.categories, written)
    return len(written)


class _Annotations:
    """Makes annotation records and counts their ids."""

    def __init__(self, clip: ExportClip) -> None:
        self._clip = clip
        self.categories = list(_categories(clip))
        self._category = {(c["supercategory"], c["name"]): c["id"] for c in self.categories}
        self._next_id = 1

    def of_frame(self, frame: ExportFrame) -> Iterator[Record]:
        """The records of one frame."""
        for face in frame.faces:
            yield self._numbered(frame, self._face(face))
            for record in self._regions(face):
                yield self._numbered(frame, record)

    def _numbered(self, frame: ExportFrame, record: Record) -> Record:
        head = {"id": self._next_id, "image_id": frame.index + 1}
        self._next_id += 1
        return head | record

    def _face(self, face: FaceRecord) -> Record:
        record = {
            "category_id": self._category[FACE, FACE],
            "bbox": _bbox(face),
            "area": _area(face),
            "iscrowd": 0,
            "score": exact_one(face.score),
            "track_id": face.track_id,
            "source": int(face.source),
        }
        if self._clip.landmark_scheme is not None:
            record |= _keypoints(face, self._clip.landmark_scheme)
        known = [scheme.name for scheme in self._clip.mask_schemes]
        crops = {name: list(m.box_xyxy) for name, m in face.label_maps.items() if name in known}
        if crops:
            record["crops"] = crops
        if face.class_scores:
            record["class_scores"] = {name: exact(s) for name, s in face.class_scores.items()}
        if isinstance(face, ShownFace):
            record |= _decided(face)
        return record

    def _regions(self, face: FaceRecord) -> Iterator[Record]:
        """One record a class that is there."""
        for scheme in self._clip.mask_schemes:
            label_map = face.label_maps.get(scheme.name)
            if label_map is None:
                continue
            for value in np.flatnonzero(np.bincount(label_map.labels.reshape(-1))):
                counts = class_counts(label_map, int(value), self._clip.frame_hw)
                x0, y0, x1, y1 = box_of_counts(counts, self._clip.frame_hw)
                if value == 0 or x1 == x0:
                    continue
                yield {
                    "category_id": self._category[scheme.name, scheme.class_names[value]],
                    "bbox": [x0, y0, x1 - x0, y1 - y0],
                    "area": int(counts[1::2].sum()),
                    "iscrowd": 0,
                    "segmentation": compress(counts, self._clip.frame_hw),
                    "track_id": face.track_id,
                }


def skeleton(scheme: LandmarkScheme) -> list[list[int]]:
    """The contours' edges, points counted from 1."""
    edges: dict[tuple[int, int], None] = {}
    for contour in scheme.contours:
        points = contour.points + (contour.points[:1] if contour.closed else ())
        for a, b in itertools.pairwise(points):
            edges.setdefault((min(a, b) + 1, max(a, b) + 1))
    return [list(edge) for edge in edges]


def _categories(clip: ExportClip) -> Iterator[Record]:
    """The face, then every class but the backgrounds."""
    face: Record = {"id": 1, "name": FACE, "supercategory": FACE}
    if clip.landmark_scheme is not None:
        face["keypoints"] = list(clip.landmark_scheme.point_names)
        face["skeleton"] = skeleton(clip.landmark_scheme)
    yield face
    number = 2
    for scheme in clip.mask_schemes:
        for item in scheme.classes[1:]:
            yield {"id": number, "name": item.name, "supercategory": scheme.name}
            number += 1


def _keypoints(face: FaceRecord, scheme: LandmarkScheme) -> Record:
    if face.landmarks is None:
        return {"keypoints": [0] * (3 * scheme.num_points), "num_keypoints": 0, "located": False}
    xy = exact(face.landmarks)
    flat: list[Any] = []
    for j, (x, y) in enumerate(xy):
        if x is None or y is None:
            flat += [0, 0, 0]
        else:
            flat += [x, y, 2 if face.visible is None or face.visible[j] else 1]
    record: Record = {
        "keypoints": flat,
        "num_keypoints": sum(v > 0 for v in flat[2::3]),
        "visibility_known": face.visible is not None,
    }
    if face.landmark_scores is not None:
        record["keypoint_scores"] = exact(face.landmark_scores)
    return record


def _decided(face: ShownFace) -> Record:
    """What a person did, for the reader's eye."""
    record: Record = {"review": face.review.name.lower()}
    if face.edited is not None and face.edited.any():
        record["edited_keypoints"] = np.flatnonzero(face.edited).tolist()
    if face.name:
        record["name"] = face.name
    return record


def _bbox(face: FaceRecord) -> list[Any]:
    """x, y, width, height from pixel corners; exact for boxes of ordinary size."""
    x0, y0, x1, y1 = np.asarray(face.box_xyxy, dtype=np.float64).tolist()
    values = [x0 + 0.5, y0 + 0.5, x1 - x0, y1 - y0]
    return [0, 0, 0, 0] if not np.isfinite(values).all() else values


def _area(face: FaceRecord) -> float:
    width, height = _bbox(face)[2:]
    return float(width) * float(height)


def _write_rest(
    stream: TextIO, clip: ExportClip, categories: list[Record], written: list[tuple[int, float]]
) -> None:
    stream.write('"images": [')
    for position, (index, time_s) in enumerate(written):
        image = {
            "id": index + 1,
            "video_id": 1,
            "frame_index": index,
            "time_s": time_s,
            "width": clip.width,
            "height": clip.height,
            "file_name": f"{frame_stem(index)}.png",
        }
        stream.write((",\n" if position else "\n") + _json(image))
    stream.write("],\n")
    rest = {"categories": categories, "videos": [_video(clip)], "licenses": [], "info": _info(clip)}
    stream.write(_json(rest)[1:] + "\n")


def _video(clip: ExportClip) -> Record:
    return {
        "id": 1,
        "file_name": clip.name,
        "width": clip.width,
        "height": clip.height,
        "fps": clip.fps,
        "frames": clip.frames,
        "track_names": {str(track): name for track, name in clip.track_names.items()},
    }


def _info(clip: ExportClip) -> Record:
    return {
        "description": f"Faces of {clip.name}",
        "contributor": "Lineament",
        "lineament": {
            "format_version": FORMAT_VERSION,
            "landmark_scheme": clip.landmark_scheme.name if clip.landmark_scheme else None,
            "mask_schemes": [scheme.name for scheme in clip.mask_schemes],
        },
    }


def _json(record: Mapping[str, Any]) -> str:
    return json.dumps(record, ensure_ascii=False, allow_nan=False)

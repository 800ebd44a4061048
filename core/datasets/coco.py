"""COCO keypoint JSON (as MMPose's 300W, WFLW, COFW files): faces with x, y, v triples.

v = 0 means not annotated. v = 1 means "hidden" in COCO, but is 1 everywhere in MMPose's 300W and
WFLW files; visibility is therefore kept only where a file uses both 1 and 2.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from core.datasets.pts import SCHEMES
from core.datasets.sample import Sample, checked_landmarks, missing_files
from core.errors import InputError

_LAYOUT = "a COCO .json with its pictures beside it or in the folder above"


def read_file(path: Path) -> list[Sample]:
    """All faces of a COCO keypoint file (or of the only .json of a folder).

    Raises:
        InputError: If it is no such file, or pictures or points are missing.
    """
    path = _json_of(path)
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        images = {int(i["id"]): i for i in record["images"]}
        annotations = [a for a in record["annotations"] if a.get("keypoints")]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}: not a readable COCO keypoint file ({error!r}).") from error
    files = {key: _find(path, str(image.get("file_name", ""))) for key, image in images.items()}
    lost = [str(images[key].get("file_name")) for key, file in files.items() if file is None]
    if lost:
        raise missing_files("COCO", path.parent, lost, _LAYOUT)
    if not annotations:
        raise InputError(f"{path}: no annotation with keypoints; expected {_LAYOUT}.")
    flags = {v for a in annotations for v in a["keypoints"][2::3]}
    return [_sample(path, a, images, files, flags >= {1, 2}) for a in annotations]


def _json_of(path: Path) -> Path:
    if path.is_file():
        return path
    files = sorted(path.glob("*.json"))
    if len(files) != 1:
        raise InputError(f"{path}: {len(files)} .json files here; name the one to read.")
    return files[0]


def _find(path: Path, name: str) -> Path | None:
    places = (path.parent / name, path.parent / Path(name).name, path.parent.parent / name)
    return next((p for p in places if name and p.is_file()), None)


def _sample(
    path: Path,
    annotation: dict[str, Any],
    images: dict[int, Any],
    files: dict[int, Path | None],
    use_flags: bool,
) -> Sample:
    where = f"{path}: annotation {annotation.get('id')}"
    try:
        triples = np.asarray(annotation["keypoints"], np.float64).reshape(-1, 3)
        image = images[int(annotation["image_id"])]
        size = (int(image["width"]), int(image["height"]))
        x, y, width, height = (float(v) for v in annotation["bbox"])
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{where} is damaged ({error!r}).") from error
    scheme = SCHEMES.get(len(triples))
    if scheme is None:
        raise InputError(f"{where} has {len(triples)} points; known are {sorted(SCHEMES)}.")
    xy = np.where(triples[:, 2:] > 0, triples[:, :2], np.nan)
    return Sample(
        name=f"{image['file_name']}#{annotation.get('id')}",
        image=files[int(annotation["image_id"])],
        scheme=scheme,
        landmarks=checked_landmarks(xy, where, len(triples), size),
        visible=triples[:, 2] == 2 if use_flags else None,
        box_xyxy=np.array([x, y, x + width, y + height], np.float32),
    )

"""Reading COCO: our own files back exactly, other programs' as far as they go.

The frame is an image's `frame_index`, else its place in the list. A face is an annotation with
keypoints or of a category that has some (or is named "face" like ours); every other one is a region
of the mask scheme its supercategory names, or of the scheme that knows most of the class names.
What does not fit is left out and said.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from core.annotations.records import FaceRecord, Source
from core.errors import InputError
from core.formats.coco_parts import (
    as_object,
    corner_box,
    crop_box,
    face_record,
    label_map,
    number,
)
from core.formats.records import STRICT, ExportClip, ExportFrame, ImportedClip, Reading
from core.formats.sizes import scheme_of_classes, scheme_of_size
from core.schemes import LandmarkScheme, MaskScheme, load_mask_scheme, mask_scheme_names

MAX_BYTES = 4 << 30
_FACE = "face"

Record = Mapping[str, Any]
T = TypeVar("T")


def recognises(path: Path) -> bool:
    """Whether a path looks like this format."""
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        return stream.read(64).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")


def read(path: Path, how: Reading = STRICT) -> ImportedClip:
    """Read a COCO file.

    Raises:
        InputError: If it is no such file or an annotation is damaged; names file and annotation.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InputError(f"{path}: larger than {MAX_BYTES >> 30} GiB; split it.")
        document = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: is not a JSON file ({error}).") from error
    if not isinstance(document, dict):
        raise InputError(f"{path}: holds no JSON object; this is no COCO file.")
    return _Reader(path, document, how).read()


class _Reader:
    """One file being read."""

    def __init__(self, path: Path, document: Record, how: Reading) -> None:
        self._path = path
        self._how = how
        self._images = self._records(document, "images")
        self._annotations = self._records(document, "annotations")
        categories = self._records(document, "categories")
        self._categories = {c["id"]: c for c in categories if _is_id(c.get("id"))}
        videos = document.get("videos")
        self._video = as_object(videos[0]) if isinstance(videos, list) and videos else {}
        self._skipped: Counter[str] = Counter()
        self._keep_first_video()
        self._scheme: LandmarkScheme | None = None
        self._schemes: dict[str, MaskScheme] = {}
        names = [c.get("name") for c in categories if not _of_face(c)]
        self._guess = scheme_of_classes([name for name in names if isinstance(name, str)])
        self._known = mask_scheme_names()

    def read(self) -> ImportedClip:
        """All frames, in order."""
        indices = self._frame_indices()
        by_image: dict[Any, list[Record]] = {identity: [] for identity in indices}
        for annotation in self._annotations:
            image = annotation.get("image_id")
            if _is_id(image) and image in by_image:
                by_image[image].append(annotation)
            else:
                self._skipped["annotations belong to no image of the file"] += 1
        frames = []
        for image in self._images:
            faces = self._faces(by_image[image["id"]], _frame_hw(image))
            time_s = number(image.get("time_s"), 0.0)
            frames.append(ExportFrame(indices[image["id"]], time_s, faces))
        frames.sort(key=lambda frame: frame.index)
        skipped = tuple(f"{count} {what}." for what, count in self._skipped.items())
        return ImportedClip(self._clip(frames), frames, skipped)

    def _keep_first_video(self) -> None:
        """Of a file about several videos only the first is read: a clip is one video."""
        videos = [image.get("video_id", image.get("vid_id")) for image in self._images]
        own = self._video.get("id", next((v for v in videos if v is not None), None))
        others = [v is not None and v != own for v in videos]
        if any(others) and not all(others):
            self._skipped["images belong to other videos of the file"] = sum(others)
            gone = {i.get("id") for i, other in zip(self._images, others, strict=True) if other}
            self._images = [i for i in self._images if i.get("id") not in gone]
            self._annotations = [a for a in self._annotations if a.get("image_id") not in gone]

    def _records(self, document: Record, name: str) -> list[dict[str, Any]]:
        found = document.get(name)
        if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
            raise InputError(f'{self._path}: has no list "{name}" of objects; no COCO file.')
        return found

    def _frame_indices(self) -> dict[Any, int]:
        """Frame by image id."""
        identities = [image.get("id") for image in self._images]
        if not all(_is_id(i) for i in identities) or len(set(identities)) != len(identities):
            raise InputError(f'{self._path}: its images do not have an "id" of their own each.')
        given = [image.get("frame_index") for image in self._images]
        whole = [index for index in given if type(index) is int and 0 <= index < 2**31]
        if len(set(whole)) == len(identities):
            return dict(zip(identities, whole, strict=True))
        return {identity: position for position, identity in enumerate(identities)}

    def _clip(self, frames: list[ExportFrame]) -> ExportClip:
        sizes = Counter(_frame_hw(image) for image in self._images)
        height, width = sizes.most_common(1)[0][0] if sizes else (0, 0)
        names = as_object(self._video.get("track_names"))
        last = frames[-1].index + 1 if frames else 0
        return ExportClip(
            name=str(self._video.get("file_name", self._path.stem)),
            width=width,
            height=height,
            fps=number(self._video.get("fps"), 0.0),
            frames=max(int(number(self._video.get("frames"), 0.0)), last),
            landmark_scheme=self._scheme,
            mask_schemes=tuple(self._schemes.values()),
            track_names={int(k): str(v) for k, v in names.items() if k.isdecimal()},
        )

    def _faces(self, annotations: Iterable[Record], frame_hw: tuple[int, int]) -> list[FaceRecord]:
        """The faces of one image, their regions with them."""
        faces: dict[int, FaceRecord] = {}
        crops: dict[int, Any] = {}
        parts: dict[tuple[int, str], list[tuple[int, Record]]] = {}
        regions = []
        for annotation in annotations:
            if not (annotation.get("keypoints") or _of_face(self._category(annotation))):
                regions.append(annotation)
                continue
            track = _track(annotation, faces)
            face = self._face(annotation, track)
            if face is None:
                continue
            faces[track], crops[track] = face, annotation.get("crops")
            for name in as_object(crops[track]):
                if name in self._known:
                    parts[track, self._use(name).name] = []
        for region in regions:
            meaning = self._meaning(region)
            if meaning is not None:
                parts.setdefault((_owner(region, faces), meaning[0]), []).append(
                    (meaning[1], region)
                )
        for (track, scheme), items in parts.items():
            self._add_label_map(faces, track, scheme, crops.get(track), items, frame_hw)
        return list(faces.values())

    def _face(self, annotation: Record, track: int) -> FaceRecord | None:
        face = self._guarded(annotation, lambda: face_record(annotation, track))
        if face is not None and face.landmarks is not None:
            names = self._category(annotation).get("keypoints")
            count = len(face.landmarks)
            if self._scheme is None:
                self._scheme = scheme_of_size(
                    count, self._path, names if isinstance(names, list) else None
                )
            if count != self._scheme.num_points:
                self._skipped[f"faces have {count} points, not {self._scheme.num_points}"] += 1
                face.landmarks = face.visible = face.landmark_scores = None
        return face

    def _add_label_map(
        self,
        faces: dict[int, FaceRecord],
        track: int,
        scheme: str,
        crops: Any,
        items: list[tuple[int, Record]],
        frame_hw: tuple[int, int],
    ) -> None:
        first = items[0][1] if items else {}
        painted = self._guarded(first, lambda: label_map(items, crop_box(crops, scheme), frame_hw))
        if painted is None:
            return
        if track not in faces:  # regions without a face of their own
            faces[track] = FaceRecord(track, corner_box(painted), 1.0, source=Source.IMPORTED)
        faces[track].label_maps[scheme] = painted

    def _guarded(self, record: Record, make: Callable[[], T]) -> T | None:
        """What `make` makes; its complaints with file and annotation, then None."""
        try:
            return make()
        except (ValueError, TypeError, OverflowError) as error:
            damage = InputError(
                f"{self._path}: annotation {record.get('id')} is damaged ({error})."
            )
            damage.__cause__ = error
            self._how.on_damage(damage)
            return None

    def _category(self, annotation: Record) -> Record:
        identity = annotation.get("category_id")
        return self._categories.get(identity, {}) if _is_id(identity) else {}

    def _use(self, scheme: str) -> MaskScheme:
        return self._schemes.setdefault(scheme, load_mask_scheme(scheme))

    def _meaning(self, region: Record) -> tuple[str, int] | None:
        """Mask scheme and class of a region, None where it is left out."""
        category = self._category(region)
        name, group = category.get("name"), category.get("supercategory")
        scheme = load_mask_scheme(str(group)) if group in self._known else self._guess
        if scheme is None or name not in scheme.class_names:
            self._skipped[f'regions are of "{name}", which no mask scheme knows'] += 1
            return None
        if not region.get("segmentation"):
            self._skipped[f'regions of "{name}" have a box and no pixels'] += 1
            return None
        return self._use(scheme.name).name, scheme.class_names.index(str(name))


def _is_id(value: Any) -> bool:
    return isinstance(value, int | str)


def _of_face(category: Record) -> bool:
    return bool(category.get("keypoints")) or (
        category.get("supercategory") == _FACE and category.get("name") == _FACE
    )


def _frame_hw(image: Record) -> tuple[int, int]:
    height, width = image.get("height"), image.get("width")
    if type(height) is int and type(width) is int and 0 <= min(height, width) < 1 << 16:
        return height, width
    return 0, 0


def _track(annotation: Record, taken: Mapping[int, FaceRecord]) -> int:
    """The annotation's own track where it is free, else the next number."""
    track = annotation.get("track_id")
    if type(track) is int and 0 <= track < 2**31 and track not in taken:
        return track
    return next(number for number in range(len(taken) + 1) if number not in taken)


def _owner(region: Record, faces: Mapping[int, FaceRecord]) -> int:
    """Whose region it is: by track, else the only face's, else one of its own."""
    track = region.get("track_id")
    if type(track) is int and 0 <= track < 2**31:
        return track
    return next(iter(faces)) if len(faces) == 1 else max(faces, default=-1) + 1

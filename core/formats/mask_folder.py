"""Label maps as indexed PNGs: a picture a frame, `classes.json` and `faces.csv` beside them.

`frame_000012.png` has the size of the frame; its pixel values are class indices, its palette the
scheme's colours. All faces of a frame share it, later ones over earlier ones; where a frame has
several faces with label maps, each also has `frame_000012_face_3.png` of its own. A clip with
several mask schemes is a folder of such folders, one a scheme. Reads back what it writes, and
folders of indexed PNGs of other programs (DAVIS, Cutie) when they have a `classes.json`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import numpy as np

from core.annotations.records import FaceRecord, Source
from core.errors import InputError
from core.formats.face_table import FILE_NAME, FaceTable, read_table
from core.formats.files import new_folder
from core.formats.records import (
    STRICT,
    ExportClip,
    ExportFrame,
    Frames,
    ImportedClip,
    Reading,
    frame_stem,
    index_of_stem,
    lost_always,
)
from core.masks.label_map import LabelMap, Labels
from core.schemes import MaskScheme, load_mask_scheme
from core.schemes.fields import Fields, read_document
from core.video.images import read_png_indexed, write_png_indexed

CLASSES = "classes.json"
FORMAT_VERSION = 1


def lost(clip: ExportClip) -> list[str]:
    """What this format leaves out of a clip."""
    return [
        *lost_always(clip, landmarks=True, masks=False),
        "Confidences of single classes are not written.",
        "Label maps are cut off at the frame's edges.",
    ]


def write(path: Path, clip: ExportClip, frames: Frames) -> int:
    """Write the folder.

    Returns:
        Number of frames written.

    Raises:
        InputError: If the clip has no label maps.
        ResourceError: If the place cannot be written or is not empty.
    """
    if not clip.mask_schemes:
        raise InputError(f"{clip.name}: has no label maps to export; predict some first.")
    count = 0
    with new_folder(path) as folder, ExitStack() as stack:
        writers = []
        for scheme in clip.mask_schemes:
            own = folder if len(clip.mask_schemes) == 1 else folder / scheme.name
            own.mkdir(exist_ok=True)
            writers.append(stack.enter_context(_SchemeWriter(own, clip, scheme)))
        for frame in frames:
            for writer in writers:
                writer.write(frame)
            count += 1
    return count


def recognises(path: Path) -> bool:
    """Whether a path looks like this format."""
    return (path / CLASSES).is_file() or bool(_subfolders(path))


def read(path: Path, how: Reading = STRICT) -> ImportedClip:
    """Read such a folder, or a folder of them.

    Raises:
        InputError: If there is no `classes.json` or a file is damaged or contradicts another.
    """
    folders = [path] if (path / CLASSES).is_file() else _subfolders(path)
    if not folders:
        raise InputError(f"{path}: holds no {CLASSES}; check the path.")
    described = [_read_classes(folder / CLASSES) for folder in folders]
    merged: dict[int, dict[int, FaceRecord]] = {}
    times: dict[int, float] = {}
    skipped: list[str] = []
    for folder, (_, scheme) in zip(folders, described, strict=True):
        for frame in _read_frames(folder, scheme, skipped, how):
            times[frame.index] = frame.time_s
            faces = merged.setdefault(frame.index, {})
            for face in frame.faces:
                faces.setdefault(face.track_id, face).label_maps.update(face.label_maps)
    clip = replace(described[0][0], mask_schemes=tuple(scheme for _, scheme in described))
    frames = [ExportFrame(i, times[i], list(merged[i].values())) for i in sorted(merged)]
    return ImportedClip(clip, frames, tuple(skipped))


class _SchemeWriter:
    """One folder: the pictures of one mask scheme."""

    def __init__(self, folder: Path, clip: ExportClip, scheme: MaskScheme) -> None:
        self._folder, self._clip, self._scheme = folder, clip, scheme
        self._stream = (folder / FILE_NAME).open("w", encoding="utf-8", newline="")
        self._table = FaceTable(self._stream, clip)
        text = json.dumps(_classes_document(clip, scheme), ensure_ascii=False, indent=2)
        (folder / CLASSES).write_text(text + "\n", encoding="utf-8")

    def __enter__(self) -> _SchemeWriter:
        return self

    def __exit__(self, *exception: object) -> None:
        self._stream.close()

    def write(self, frame: ExportFrame) -> None:
        """Write one frame's pictures and rows."""
        together = np.zeros(self._clip.frame_hw, dtype=np.uint8)
        found = [face.label_maps.get(self._scheme.name) for face in frame.faces]
        several = sum(label_map is not None for label_map in found) > 1
        if not frame.faces:
            self._table.no_face(frame)
        for face, label_map in zip(frame.faces, found, strict=True):
            self._table.face(frame, face, label_map)
            if label_map is not None:
                label_map.paste_over(together)
                if several:
                    own = label_map.paste(self._clip.frame_hw)
                    self._picture(_face_name(frame.index, face.track_id), own)
        self._picture(f"{frame_stem(frame.index)}.png", together)

    def _picture(self, name: str, labels: Labels) -> None:
        write_png_indexed(self._folder / name, labels, self._scheme.palette)


def _face_name(index: int, track_id: int) -> str:
    return f"{frame_stem(index)}_face_{track_id}.png"


def _classes_document(clip: ExportClip, scheme: MaskScheme) -> dict[str, object]:
    return {
        "format_version": FORMAT_VERSION,
        "scheme": scheme.name,
        "clip": {
            "name": clip.name,
            "width": clip.width,
            "height": clip.height,
            "fps": clip.fps,
            "frames": clip.frames,
        },
        "classes": [
            {"index": k, "name": item.name, "title": item.title, "colour": _hex(item.colour)}
            for k, item in enumerate(scheme.classes)
        ],
    }


def _hex(colour: tuple[int, int, int]) -> str:
    return "#{:02X}{:02X}{:02X}".format(*colour)


def _subfolders(path: Path) -> list[Path]:
    return sorted(file.parent for file in path.glob(f"*/{CLASSES}")) if path.is_dir() else []


def _read_classes(path: Path) -> tuple[ExportClip, MaskScheme]:
    fields = read_document(path)
    if fields.whole("format_version") != FORMAT_VERSION:
        fields.fail("format_version", f"is not {FORMAT_VERSION}")
    scheme = load_mask_scheme(fields.text("scheme"))
    names = tuple(item.text("name") for item in fields.objects("classes"))
    if names != scheme.class_names:
        fields.fail("classes", f"are not those of the scheme {scheme.name}")
    return _read_clip(fields.object("clip", {})), scheme


def _read_clip(fields: Fields) -> ExportClip:
    return ExportClip(
        name=fields.text("name", ""),
        width=fields.whole("width", 0),
        height=fields.whole("height", 0),
        fps=fields.number("fps", 0.0),
        frames=fields.whole("frames", 0),
    )


def _read_frames(
    folder: Path, scheme: MaskScheme, skipped: list[str], how: Reading
) -> Iterator[ExportFrame]:
    if not (folder / FILE_NAME).is_file():
        yield from _read_loose(folder, scheme, skipped, how)
        return
    faces: dict[int, list[FaceRecord]] = {}
    times: dict[int, float] = {}
    for row in read_table(folder / FILE_NAME, how):
        times[row.frame_index] = row.time_s
        here = faces.setdefault(row.frame_index, [])
        if row.face is not None:
            here.append(row.face)
            if row.crop is not None:
                try:
                    label_map = _read_crop(
                        folder, row.frame_index, row.face.track_id, row.crop, scheme
                    )
                except InputError as error:
                    how.on_damage(error)
                    continue
                row.face.label_maps[scheme.name] = label_map
    for index in sorted(faces):
        yield ExportFrame(index, times[index], faces[index])


def _read_crop(
    folder: Path, index: int, track_id: int, crop: Sequence[int], scheme: MaskScheme
) -> LabelMap:
    own = folder / _face_name(index, track_id)
    labels = _read_labels(own if own.is_file() else folder / f"{frame_stem(index)}.png", scheme)
    x0, y0, width, height = crop
    label_map = LabelMap(np.zeros((height, width), np.uint8), x0, y0)
    inside, in_crop = label_map.overlap((labels.shape[0], labels.shape[1]))
    label_map.labels[in_crop] = labels[inside]
    return label_map


def _read_loose(
    folder: Path, scheme: MaskScheme, skipped: list[str], how: Reading
) -> Iterator[ExportFrame]:
    """Pictures without a table: one face a frame, cropped to what is painted."""
    for position, path in enumerate(sorted(folder.glob("*.png"))):
        number = index_of_stem(path)
        if number is None and path.stem.startswith("frame_"):
            skipped.append(f"{path.name}: is about one of several faces and there is no table.")
            continue
        try:
            label_map = LabelMap(_read_labels(path, scheme), 0, 0).trimmed()
        except InputError as error:
            how.on_damage(error)
            continue
        x0, y0, x1, y1 = label_map.box_xyxy
        box = np.array([x0 - 0.5, y0 - 0.5, x1 - 0.5, y1 - 0.5], dtype=np.float32)
        face = FaceRecord(0, box, 1.0, source=Source.IMPORTED)
        face.label_maps[scheme.name] = label_map
        yield ExportFrame(position if number is None else number, 0.0, [face])


def _read_labels(path: Path, scheme: MaskScheme) -> Labels:
    labels, _ = read_png_indexed(path)
    if labels.size and int(labels.max()) >= scheme.num_classes:
        raise InputError(
            f"{path}: holds class {int(labels.max())}; {scheme.name} has {scheme.num_classes}."
        )
    return labels

"""The projects the pictures show: the demo, and a clip of both its people side by side."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from core.annotations.project import Project
from core.annotations.records import FaceRecord, RunHeader
from core.masks.label_map import LabelMap
from core.video.reader import VideoReader
from core.video.writer import VideoWriter


def prepare(demo: Path, projects: Path, frames: int = 50) -> None:
    """Make the folders `demo` and `pair` (so many frames long) from the demo's results."""
    shutil.copytree(demo / "demo.lin", projects / "demo" / "demo.lin")
    shutil.copy(demo / "clip.mp4", projects / "demo" / "clip.mp4")
    add_smoothed_run(projects / "demo" / "demo.lin")
    (projects / "pair").mkdir()
    join_people(projects / "demo", projects / "pair", frames)


def add_smoothed_run(folder: Path, reach: int = 4) -> None:
    """A second run to compare with: the shown one's landmarks, each the mean of its neighbours'.

    Args:
        folder: The project.
        reach: Frames before and after that take part.
    """
    with Project.open(folder) as project:
        clip = project.clips()[0]
        shown = project.active_run(clip.clip_id)
        header = next(run for run in project.runs(clip.clip_id) if run.run_id == shown)
        frames = [project.shown(clip.clip_id, k) for k in range(clip.frames)]
        run = project.start_run(replace(header, run_id="", title=f"{header.title}, smoothed"))
        for k, faces in enumerate(frames):
            near = [face for part in frames[max(k - reach, 0) : k + reach + 1] for face in part]
            run.append(k, [_smoothed(face, near) for face in faces])
        run.seal().close()
        project.set_active_run(clip.clip_id, header.run_id)


def _smoothed(face: FaceRecord, near: Sequence[FaceRecord]) -> FaceRecord:
    same = [other.landmarks for other in near if other.track_id == face.track_id]
    mean = np.mean([xy for xy in same if xy is not None], axis=0).astype(np.float32)
    return _record(face, mean, face.box_xyxy, face.label_maps)


def join_people(demo: Path, out: Path, frames: int, half: int = 320) -> None:
    """A clip with both people of the demo side by side, and its run: their records, moved.

    Args:
        demo: Folder of the demo's clip and project.
        out: Folder for clip.mp4 and pair.lin.
        frames: Length of the clip.
        half: Width of each one's half, pixels.
    """
    with Project.open(demo / "demo.lin", read_only=True) as project:
        clip_id = project.clips()[0].clip_id
        tracks = [track.track_id for track in project.tracks(clip_id)][:2]
        scheme = next(r.landmark_scheme for r in project.runs(clip_id) if r.landmark_scheme)
        spans = [_span(project, clip_id, track, frames) for track in tracks]
        with VideoReader(demo / "clip.mp4") as reader:
            with VideoWriter(
                out / "clip.mp4", 2 * half, reader.info.height, reader.info.fps
            ) as writer:
                for k in range(frames):
                    parts = [
                        reader.frame(start + k)[:, left : left + half] for start, left in spans
                    ]
                    writer.write(np.ascontiguousarray(np.concatenate(parts, axis=1)))
        rows = [
            [
                _moved(project.shown(clip_id, start + k), track, place * half - left)
                for place, (track, (start, left)) in enumerate(zip(tracks, spans, strict=True))
            ]
            for k in range(frames)
        ]
    with Project.create(out / "pair.lin") as project:
        clip = project.add_clip(out / "clip.mp4")
        header = RunHeader(
            "", clip.clip_id, "predict", "landmarks-68", clip.frames, 0, clip.frames,
            landmark_scheme=scheme, mask_schemes=tuple(rows[0][0].label_maps),
        )  # fmt: skip
        run = project.start_run(header)
        for k, faces in enumerate(rows):
            run.append(k, faces)
        run.seal().close()


def _span(project: Project, clip_id: str, track: int, frames: int) -> tuple[int, int]:
    """First frame of a stretch a face is on, and the left edge of a half with it in the middle."""
    clip = project.clips()[0]
    there = [
        k for k in range(clip.frames)
        if any(face.track_id == track for face in project.shown(clip_id, k, masks=False))
    ]  # fmt: skip
    start = there[max((len(there) - frames) // 2, 0)]
    face = next(f for f in project.shown(clip_id, start, masks=False) if f.track_id == track)
    middle = float(face.box_xyxy[[0, 2]].mean())
    return start, int(np.clip(middle - 160, 0, clip.width - 320))


def _moved(faces: Sequence[FaceRecord], track: int, by_x: int) -> FaceRecord:
    """A person's record with everything moved sideways."""
    face = next(f for f in faces if f.track_id == track)
    shift = np.array([by_x, 0], np.float32)
    maps = {
        name: LabelMap(one.labels, one.x0 + by_x, one.y0) for name, one in face.label_maps.items()
    }
    return _record(face, face.landmarks + shift, face.box_xyxy + np.tile(shift, 2), maps)


def _record(face: FaceRecord, xy: np.ndarray, box_xyxy: np.ndarray, maps: dict) -> FaceRecord:
    """A record like a shown face, with other places."""
    return FaceRecord(
        track_id=face.track_id,
        box_xyxy=box_xyxy,
        score=face.score,
        landmarks=xy,
        landmark_scores=face.landmark_scores,
        visible=face.visible,
        source=face.source,
        label_maps=maps,
    )

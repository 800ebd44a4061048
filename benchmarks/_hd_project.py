"""A short 1080p clip of real content with one face a frame, as files and as a project."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.app_playback import landmarks, make_clip
from core.annotations.project import Project
from core.annotations.records import FaceRecord, RunHeader, Source
from core.masks.from_landmarks import face5_from_landmarks
from core.video.reader import VideoReader


def make(folder: Path, fps: int = 30) -> int:
    """Write clip.mp4, clip.lin and material.npz; the number of frames."""
    make_clip(folder / "clip.mp4", fps)
    with VideoReader(folder / "clip.mp4") as reader:
        frames = reader.info.frames
    faces = [_face(frame) for frame in range(frames)]
    _save_project(folder, faces)
    _save_arrays(folder / "material.npz", faces)
    return frames


def _face(frame: int) -> FaceRecord:
    xy = landmarks(frame)
    return FaceRecord(
        track_id=0,
        box_xyxy=np.concatenate([xy.min(axis=0), xy.max(axis=0)]).astype(np.float32),
        score=0.9,
        landmarks=xy,
        landmark_scores=np.full(68, 0.9, np.float32),
        source=Source.HEAVY,
        label_maps={"face5": face5_from_landmarks(xy, (1080, 1920))},
    )


def _save_project(folder: Path, faces: list[FaceRecord]) -> None:
    with Project.create(folder / "clip.lin") as project:
        clip = project.add_clip(folder / "clip.mp4")
        header = RunHeader(
            "", clip.clip_id, "predict", "benchmark", clip.frames, 0, clip.frames,
            landmark_scheme="ibug68", mask_schemes=("face5",),
        )  # fmt: skip
        writer = project.start_run(header)
        for frame, face in enumerate(faces):
            writer.append(frame, [face])
        writer.seal().close()


def _save_arrays(path: Path, faces: list[FaceRecord]) -> None:
    """Landmarks and label maps for programs that cannot read a project; all maps of one size."""
    maps = [face.label_maps["face5"] for face in faces]
    height = max(one.labels.shape[0] for one in maps)
    width = max(one.labels.shape[1] for one in maps)
    labels = np.zeros((len(maps), height, width), np.uint8)
    for whole, one in zip(labels, maps, strict=True):
        whole[: one.labels.shape[0], : one.labels.shape[1]] = one.labels
    corners = np.array([(one.x0, one.y0) for one in maps])
    # A larger map must not reach out of the frame.
    corners = np.minimum(corners, [1920 - width, 1080 - height])
    np.savez(path, landmarks=np.stack([f.landmarks for f in faces]), labels=labels, corners=corners)

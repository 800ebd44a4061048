"""A long clip and a project of it, for the benchmarks of the window.

The clip is one short group of pictures after another, encoded once and then copied packet by
packet, so that 200,000 frames take seconds to write. The run has two faces a frame with all that a
run says: 68 landmarks, their confidence, visibility, and a label map.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from core.annotations.project import Project
from core.annotations.records import FaceRecord, RunHeader, Source
from core.masks.from_landmarks import face5_from_landmarks
from core.video.writer import VideoWriter

FPS = 30
WIDTH, HEIGHT = 1280, 720
CYCLE = 300
"""Frames of the piece that is repeated."""
CENTRES = ((400, 360), (880, 360))


def write_clip(path: Path, frames: int, size: tuple[int, int] = (WIDTH, HEIGHT)) -> Path:
    """A clip of any length: a picture that drifts, the same piece over and over."""
    piece = path.with_name(f"piece-{path.name}")
    width, height = size
    rng = np.random.default_rng(0)
    ground = rng.integers(40, 220, (height // 8, width // 4, 3), dtype=np.uint8)
    ground = cv2.GaussianBlur(cv2.resize(ground, (2 * width, height)), (0, 0), 3)
    with VideoWriter(piece, width, height, FPS, quality=30) as writer:
        for k in range(min(CYCLE, frames)):
            writer.write(np.ascontiguousarray(ground[:, 3 * k : 3 * k + width]))
    _repeat(piece, path, frames)
    piece.unlink()
    return path


def _repeat(piece: Path, path: Path, frames: int) -> None:
    """Copy the piece's packets until the clip is long enough; whole pieces only, then the rest."""
    with av.open(str(piece)) as source, av.open(str(path), "w") as target:
        from_stream = source.streams.video[0]
        to_stream = target.add_stream_from_template(from_stream)
        packets = [
            (bytes(p), p.pts, p.dts, p.is_keyframe) for p in source.demux(from_stream) if p.size
        ]
        base = Fraction(from_stream.time_base or 1)
        step = round(1 / (FPS * base))
        for start in range(0, frames, len(packets)):
            # The pictures of a piece are decoded out of order: the last one is cut by pts.
            for data, pts, dts, is_key in packets:
                if pts // step < frames - start:
                    packet = av.Packet(data)
                    packet.pts, packet.dts = pts + start * step, dts + start * step
                    packet.is_keyframe = is_key
                    packet.stream, packet.time_base = to_stream, base
                    target.mux(packet)


def landmarks(track: int, phase: float) -> np.ndarray:
    """68 points on two rings about a face's place, (68, 2) float32."""
    angle = np.linspace(0, 2 * np.pi, 68, endpoint=False)
    radius = np.where(np.arange(68) < 17, 1.0, 0.55)
    ring = np.stack([np.cos(angle), 1.2 * np.sin(angle)], axis=1) * radius[:, None] * 110
    x, y = CENTRES[track]
    return (ring + np.array([x + 12 * np.sin(phase), y + 8 * np.cos(phase)])).astype(np.float32)


def face(track: int, phase: float) -> FaceRecord:
    """A face with everything a run can say of it."""
    xy = landmarks(track, phase)
    return FaceRecord(
        track_id=track,
        box_xyxy=np.concatenate([xy.min(axis=0), xy.max(axis=0)]).astype(np.float32),
        score=0.9,
        landmarks=xy,
        landmark_scores=np.linspace(0.5, 1.0, 68, dtype=np.float32),
        visible=np.ones(68, bool),
        source=Source.HEAVY if phase == 0 else Source.FLOW,
        label_maps={"face5": face5_from_landmarks(xy, (HEIGHT, WIDTH))},
    )


def make_project(folder: Path, frames: int) -> Path:
    """A project with the clip and its run; the project's folder."""
    clip_path = write_clip(folder / "long.mp4", frames)
    kinds = [[face(track, np.pi * k / 10) for track in (0, 1)] for k in range(20)]
    with Project.create(folder / "long.lin") as project:
        clip = project.add_clip(clip_path)
        header = RunHeader(
            "", clip.clip_id, "predict", "benchmark", clip.frames, 0, clip.frames,
            landmark_scheme="ibug68", mask_schemes=("face5",),
        )  # fmt: skip
        writer = project.start_run(header)
        for frame in range(clip.frames):
            writer.append(frame, kinds[frame % len(kinds)])
        writer.seal().close()
    return folder / "long.lin"

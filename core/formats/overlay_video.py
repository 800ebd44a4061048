"""The overlay video: a range of the clip with its faces drawn in, sound kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from core.annotations.records import FaceRecord
from core.formats.overlay import LAYERS, draw_faces
from core.formats.records import ExportClip
from core.progress import Cancelled, Progress, Report, check, ignore, never
from core.video.reader import VideoReader
from core.video.writer import VideoWriter


def write(
    path: Path,
    clip: ExportClip,
    reader: VideoReader,
    faces_of: Callable[[int], Sequence[FaceRecord]],
    span: tuple[int, int],
    layers: Sequence[str] = LAYERS,
    quality: int = 20,
    report: Report = ignore,
    cancelled: Cancelled = never,
) -> int:
    """Write the video; every frame of the range is in it, with or without a face.

    Args:
        path: .mp4, .mov or .mkv; replaced only when all went well.
        clip: What the faces' schemes are.
        reader: The clip, open.
        faces_of: The faces of a frame.
        span: First frame and one past the last.
        layers: Which of `overlay.LAYERS` to draw.
        quality: Constant rate factor, 0 … 51.
        report: Told of every frame.
        cancelled: Asked before every frame.

    Returns:
        Number of frames written.

    Raises:
        InputError: For an unknown file ending.
        ResourceError: If the place cannot be written or the disk is full.
        JobCancelled: If the person has asked to stop; nothing is left behind.
    """
    info, (start, stop) = reader.info, span
    begin_s = reader.time_s(start)
    end_s = reader.time_s(stop - 1) + 1 / info.fps
    sound = (reader.path, begin_s, end_s) if info.has_audio else None
    with VideoWriter(path, info.width, info.height, info.fps, quality, sound) as writer:
        for index, rgb in reader.frames(start, stop):
            check(cancelled)
            draw_faces(rgb, faces_of(index), clip.landmark_scheme, clip.mask_schemes, layers)
            # Where the rate varies each frame keeps its own time; else the writer's rate is exact.
            writer.write(rgb, reader.time_s(index) - begin_s if info.vfr else None)
            report(Progress("overlay", index + 1 - start, stop - start))
    return writer.frames

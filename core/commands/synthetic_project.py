"""A rendered clip in a project: the video beside it, its exact truth as a sealed, imported run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.commands.console import version
from core.errors import InputError
from core.progress import Cancelled, Progress, Report, check

if TYPE_CHECKING:
    from core.annotations.project import Project
    from core.annotations.records import FaceRecord
    from core.synthesis.clip import Clip
    from core.synthesis.world import RenderedFrame

MASKS = ("parts14", "face5")
_OUTPUTS = ("rgb", "visible", *MASKS)


def write_clips(
    project_folder: Path, clips: Iterable[tuple[str, Clip]], report: Report, cancelled: Cancelled
) -> list[Path]:
    """Render clips and put them, with their truth, into a new project.

    Args:
        project_folder: The project to make; the videos lie in its folder `clips`.
        clips: File name and clip of each.
        report: Told about every frame.
        cancelled: Asked before every frame; a clip cut short leaves neither video nor run.

    Returns:
        The videos.

    Raises:
        InputError: If there is something of that name already.
        JobCancelled: If it was cancelled.
    """
    from core.annotations.project import Project

    if project_folder.exists():
        raise InputError(f"{project_folder}: exists already; give the project a new name.")
    with Project.create(project_folder, version()) as project:
        return [_add(project, name, clip, report, cancelled) for name, clip in clips]


def _add(project: Project, name: str, clip: Clip, report: Report, cancelled: Cancelled) -> Path:
    from core.annotations.records import RunHeader
    from core.video.writer import VideoWriter

    path = project.folder / "clips" / name
    path.parent.mkdir(exist_ok=True)
    kept: list[_Kept] = []  # label maps coded, so that minutes of truth fit into memory
    tracks: dict[int, int] = {}
    height, width = clip.image_hw
    with VideoWriter(path, width, height, clip.fps) as writer:
        for index in range(clip.frames):
            check(cancelled)
            frame = clip.frame(index, _OUTPUTS)
            assert frame.rgb is not None
            writer.write(frame.rgb)
            kept.append(_keep(frame, tracks.setdefault(frame.subject, len(tracks))))
            report(Progress(f"Rendering {name}", index + 1, clip.frames, {}))
    known = project.add_clip(path)
    header = RunHeader(
        "", known.clip_id, "import", "synthetic truth", known.frames, 0, known.frames,
        landmark_scheme="ibug68", mask_schemes=MASKS, settings={"seed": clip.seed},
    )  # fmt: skip
    run = project.start_run(header)
    try:
        for index, face in enumerate(kept):
            run.append(index, [face.record()])
        run.seal().close()
    finally:
        run.close()
    return path


@dataclass(frozen=True, eq=False)
class _Kept:
    """The truth of one frame, small."""

    track: int
    points: NDArray[np.float32]  # (68, 2) px
    visible: NDArray[np.bool_]  # (68,)
    masks: dict[str, tuple[bytes, tuple[int, int], int, int]]  # coded labels, their size, x0, y0

    def record(self) -> FaceRecord:
        """As the store keeps a face."""
        from core.annotations.records import FaceRecord, Source
        from core.geometry import box_of_points
        from core.masks.codec import decode_labels
        from core.masks.label_map import LabelMap

        maps = {
            name: LabelMap(decode_labels(blob, hw), x0, y0)
            for name, (blob, hw, x0, y0) in self.masks.items()
        }
        return FaceRecord(
            self.track, np.asarray(box_of_points(self.points), np.float32), 1.0, self.points,
            np.ones(len(self.points), np.float32), self.visible, Source.IMPORTED, maps,
        )  # fmt: skip


def _keep(frame: RenderedFrame, track: int) -> _Kept:
    from core.masks.codec import encode_labels
    from core.masks.label_map import LabelMap

    masks = {}
    for name in MASKS:
        labels = getattr(frame, name)
        assert labels is not None  # it was asked for
        crop = LabelMap(labels, 0, 0).trimmed()
        size = (crop.labels.shape[0], crop.labels.shape[1])
        masks[name] = (encode_labels(crop.labels), size, crop.x0, crop.y0)
    return _Kept(track, frame.landmarks["ibug68"], frame.visible["ibug68"], masks)

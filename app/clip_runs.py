"""The runs of a clip of a project: their list, and how far one is from what is shown."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from app import schemes
from app.document import RunEntry
from core.annotations.differences import Differences, differences
from core.annotations.other_run import OtherRun
from core.annotations.project import Project
from core.annotations.records import FaceRecord, RunHeader


def entries(project: Project, clip_id: str) -> list[RunEntry]:
    """A clip's runs, oldest first, damaged ones at the end."""
    shown = project.active_run(clip_id)
    good = [_entry(project, header, shown) for header in project.runs(clip_id)]
    damaged = project.damaged_runs(clip_id)
    return good + [
        RunEntry(run_id, run_id, "", 0, "", True, False, problem)
        for run_id, problem in sorted(damaged.items())
    ]


def measure(project: Project, clip_id: str, other: OtherRun, start: int, stop: int) -> Differences:
    """How far what is shown is from a run on the frames [start, stop)."""
    shown = _ShownClip(project, clip_id)
    names = shown.landmark_scheme(), other.header.landmark_scheme
    first, second = (schemes.landmark_scheme(name) for name in names)
    return differences(shown, other, (first, second), start, stop)


class _ShownClip:
    """What `differences` asks of a project about one clip."""

    def __init__(self, project: Project, clip_id: str) -> None:
        self._project = project
        self._clip_id = clip_id

    def landmark_scheme(self) -> str | None:
        """The shown run's."""
        active = self._project.active_run(self._clip_id)
        found = [run for run in self._project.runs(self._clip_id) if run.run_id == active]
        return found[0].landmark_scheme if found else None

    def tracks(self) -> list[int]:
        """Every face shown."""
        return [track.track_id for track in self._project.tracks(self._clip_id)]

    def column(self, track_id: int, name: str, start: int, stop: int) -> NDArray[Any] | None:
        """A column of the shown run."""
        return self._project.shown_column(self._clip_id, track_id, name, start, stop)

    def decided_frames(self) -> NDArray[np.int64]:
        """Frames on which a person decided anything."""
        return self._project.annotated_frames(self._clip_id)

    def faces(self, frame_idx: int) -> list[FaceRecord]:
        """What is shown on a frame, without label maps."""
        return list(self._project.shown(self._clip_id, frame_idx, masks=False))


def _entry(project: Project, header: RunHeader, shown: str | None) -> RunEntry:
    nets = header.settings.get("models", ())
    names = [str(net["name"]) for net in nets if isinstance(net, dict) and "name" in net]
    return RunEntry(
        run_id=header.run_id,
        title=header.title or header.run_id,
        model=" + ".join(names) or str(header.model.get("name") or header.kind),
        frames=header.stop - header.start,
        created=header.created,
        is_sealed=project.run_is_sealed(header.run_id),
        is_shown=header.run_id == shown,
    )

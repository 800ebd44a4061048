"""A project as the window's document: clips, what is shown, and columns for the timeline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app import clip_runs
from app.clip_columns import read_columns
from app.document import ClipColumns, ClipEntry, RunEntry
from app.project_people import ProjectPeople
from core.annotations.clips import Probe
from core.annotations.differences import Differences
from core.annotations.edits import Edit
from core.annotations.history import AppliedEdit
from core.annotations.job_files import JOBS, JobPlan
from core.annotations.jobs import Job
from core.annotations.other_run import OtherRun
from core.annotations.project import Project
from core.annotations.records import Clip
from core.masks import fill
from core.progress import Cancelled


def open_project(folder: Path) -> ProjectDocument:
    """Open a project's folder.

    Raises:
        StoreError: If it is damaged, foreign or newer than this program.
        ResourceError: If it cannot be read.
    """
    return ProjectDocument(Project.open(folder))


class ProjectDocument(ProjectPeople):
    """Answers the window's questions from a project."""

    def __init__(self, project: Project) -> None:
        super().__init__()
        fill.compiles = False  # loading a compiler for the first mask would hold the window up
        self.project = project
        self.title = project.folder.name
        self.path: Path | None = project.folder
        self._entries = [self._entry(clip) for clip in project.clips()]

    @property
    def read_only(self) -> bool:
        """Whether nothing can be changed."""
        return self.project.read_only

    @property
    def notes(self) -> list[str]:
        """Sentences for the person about how it was opened."""
        return self.project.notes

    def entries(self) -> list[ClipEntry]:
        """The clips, in the order they were added."""
        return list(self._entries)

    def shown(self, clip_id: str, frame_idx: int, masks: bool = True) -> Sequence[Any]:
        """Annotations over the active run, point by point, without people that are hidden."""
        hidden = self.hidden_people(clip_id)
        faces = self.project.shown(clip_id, frame_idx, masks)
        return [face for face in faces if face.track_id not in hidden] if hidden else faces

    def corrected_frames(self, clip_id: str, track_id: int) -> NDArray[np.int64]:
        """Frames on which a person set a landmark of a face by hand, increasing."""
        return self.project.corrected_frames(clip_id, track_id)

    def new_track_id(self, clip_id: str) -> int:
        """A number no face of the clip has, in no run and no annotation."""
        return self.project.new_track_id(clip_id)

    def landmark_scheme(self, clip_id: str) -> str | None:
        """The shown run's: of faces that have no landmarks yet; the others carry their own."""
        active = self.project.active_run(clip_id)
        headers = [run for run in self.project.runs(clip_id) if run.run_id == active]
        return headers[0].landmark_scheme if headers else None

    def columns(self, clip_id: str, frames: int, cancelled: Cancelled) -> ClipColumns:
        """Read the columns of all people, block by block."""
        return read_columns(self.project, clip_id, frames, cancelled)

    def update_entry(self, entry: ClipEntry) -> None:
        """Replace what the list says of a clip."""
        self._entries = [entry if e.clip_id == entry.clip_id else e for e in self._entries]

    def relink(self, clip_id: str, path: Path) -> int:
        """Say where a clip is now; others missing beside it are found too: how many."""
        found = self.project.relink(clip_id, path)
        for clip in found:
            self.update_entry(self._entry(clip))
        return len(found) - 1

    def known_content(self, clip_id: str) -> str:
        """The content the clip was added with."""
        return self.project.clip(clip_id).content_id

    def take_file(self, clip_id: str, known: Probe) -> None:
        """Take another file for a clip, because the person said so."""
        path = self.project.clip_path(self.project.clip(clip_id))
        self.update_entry(self._entry(self.project.replace_clip(clip_id, path, known)))

    def cache_folder(self) -> Path | None:
        """Frame indexes go to the user's cache: the project may be read-only."""
        return None

    def markers(self, clip_id: str) -> list[int]:
        """Frames the person has marked, increasing; kept in the project's settings."""
        kept = self.project.setting(_markers_key(clip_id), [])
        good = isinstance(kept, list) and all(isinstance(frame, int) for frame in kept)
        return sorted(kept) if good else []

    def set_markers(self, clip_id: str, frames: list[int]) -> None:
        """Keep the marked frames in the project's settings."""
        self.project.set_setting(_markers_key(clip_id), frames or None)

    def apply(self, edit: Edit, who: str) -> AppliedEdit:
        """Apply an edit and record it."""
        return self.project.apply(edit, who)

    def amend(self, seq: int, edit: Edit, who: str) -> AppliedEdit:
        """Let an edit take the place of the last one."""
        return self.project.amend(seq, edit, who)

    def undo(self) -> AppliedEdit | None:
        """Take the last edit back."""
        return self.project.undo()

    def redo(self) -> AppliedEdit | None:
        """Do the edit last undone again."""
        return self.project.redo()

    def history(self) -> tuple[list[AppliedEdit], int]:
        """The newest edits, oldest first, and the number of the last one in force."""
        return self.project.history()[::-1], self.project.history_position

    def shown_run(self, clip_id: str) -> str | None:
        """The run a clip is shown with."""
        return self.project.active_run(clip_id)

    def show_run(self, clip_id: str, run_id: str) -> None:
        """Show a clip with another run from now on."""
        self.project.set_active_run(clip_id, run_id)

    def runs(self, clip_id: str) -> list[RunEntry]:
        """A clip's runs, oldest first, damaged ones at the end."""
        return clip_runs.entries(self.project, clip_id)

    def other_run(self, clip_id: str, run_id: str) -> OtherRun:
        """Open a run to compare what is shown with."""
        return self.project.other_run(clip_id, run_id)

    def differences(self, clip_id: str, other: OtherRun, start: int, stop: int) -> Differences:
        """How far what is shown is from a run on frames."""
        return clip_runs.measure(self.project, clip_id, other, start, stop)

    def look_again(self, clip_id: str) -> None:
        """Another process has changed a clip's runs."""
        self.project.look_again(clip_id)

    def job_states(self) -> dict[str, str]:
        """What was last noted of each job, by its folder's name."""
        return {job.job_id: job.state for job in self.project.jobs()}

    def save_job(self, job_id: str, plan: JobPlan, state: str) -> None:
        """Note what is known of a job."""
        record = {"command": list(plan.command), "clip_id": plan.clip_id, "target": plan.target}
        self.project.save_job(
            Job(job_id, plan.kind, plan.title, f"{JOBS}/{job_id}", state, record=record)
        )

    def close(self) -> None:
        """Close the project and give its lock back."""
        self.project.close()

    def _entry(self, clip: Clip) -> ClipEntry:
        path = self.project.clip_path(clip)
        entry = ClipEntry(
            clip.clip_id, path.name, path, clip.frames, clip.fps, clip.width, clip.height
        )
        if path.exists():
            return entry
        return replace(
            entry, problem=f"{path} is not there any more; use Relink… to say where it is now."
        )


def _markers_key(clip_id: str) -> str:
    return f"markers/{clip_id}"

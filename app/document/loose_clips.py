"""Clips opened without a project."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from app.document.records import ClipColumns, ClipEntry, RunEntry, RunModel, empty_columns
from core.errors import InputError
from core.progress import Cancelled

if TYPE_CHECKING:  # the store imports HDF5 and SQLite: not at the start of the window
    from core.annotations.clips import Probe
    from core.annotations.differences import Differences
    from core.annotations.edits import Edit
    from core.annotations.history import AppliedEdit
    from core.annotations.job_files import JobPlan
    from core.annotations.other_run import OtherRun


class LooseClips:
    """Clips opened without a project: to look at, with nothing known of the faces."""

    def __init__(self, clip_paths: Sequence[Path]) -> None:
        self._entries = [ClipEntry(str(path), path.name, path) for path in clip_paths]
        count = len(self._entries)
        self.title = self._entries[0].title if count == 1 else f"{count} clips"
        self.path: Path | None = None
        self.read_only = False
        self.notes: list[str] = []
        self._markers: dict[str, list[int]] = {}

    def entries(self) -> list[ClipEntry]:
        """The clips, in the order given."""
        return list(self._entries)

    def shown(self, clip_id: str, frame_idx: int, masks: bool = True) -> Sequence[Any]:
        """Nothing is known without a project."""
        return []

    def corrected_frames(self, clip_id: str, track_id: int) -> NDArray[np.int64]:
        """Nothing is corrected without a project."""
        return np.zeros(0, np.int64)

    def new_track_id(self, clip_id: str) -> int:
        """The first face."""
        return 0

    def person(self, clip_id: str, track_id: int) -> tuple[str, str]:
        """Nobody has a name."""
        return "", ""

    def person_name(self, clip_id: str, track_id: int) -> str:
        """Faces have numbers only."""
        return f"Face {track_id + 1}"

    def hidden_people(self, clip_id: str) -> frozenset[int]:
        """There is nobody to hide."""
        return frozenset()

    def hide_people(self, clip_id: str, tracks: frozenset[int]) -> None:
        """There is nobody to hide."""

    def deleted_faces(self, clip_id: str, frame_idx: int) -> list[int]:
        """Nothing was deleted."""
        return []

    def landmark_model(self, clip_id: str) -> RunModel | None:
        """There are no runs without a project."""
        return None

    def landmark_scheme(self, clip_id: str) -> str | None:
        """No landmarks, no scheme."""
        return None

    def columns(self, clip_id: str, frames: int, cancelled: Cancelled) -> ClipColumns:
        """Columns that say that nothing is known."""
        return empty_columns(frames)

    def update_entry(self, entry: ClipEntry) -> None:
        """Replace what the list says of a clip."""
        self._entries = [entry if e.clip_id == entry.clip_id else e for e in self._entries]

    def relink(self, clip_id: str, path: Path) -> int:
        """Show another file in the clip's place."""
        entry = next(e for e in self._entries if e.clip_id == clip_id)
        self.update_entry(replace(entry, path=path, title=path.name, problem=""))
        return 0

    def known_content(self, clip_id: str) -> str:
        """A loose clip is whatever its file is."""
        return ""

    def take_file(self, clip_id: str, known: Probe) -> None:
        """There is no other file it could be."""

    def cache_folder(self) -> Path | None:
        """Indexes go to the user's cache."""
        return None

    def markers(self, clip_id: str) -> list[int]:
        """Frames marked since the clip was opened."""
        return self._markers.get(clip_id, [])

    def set_markers(self, clip_id: str, frames: list[int]) -> None:
        """Keep the marked frames until the clip is closed."""
        self._markers[clip_id] = frames

    def apply(self, edit: Edit, who: str) -> AppliedEdit:
        """There is nowhere to record an edit.

        Raises:
            InputError: Always.
        """
        raise InputError(
            "A clip by itself cannot be edited; make a project of it first, by File → Predict."
        )

    def amend(self, seq: int, edit: Edit, who: str) -> AppliedEdit:
        """There is nowhere to record an edit.

        Raises:
            InputError: Always.
        """
        return self.apply(edit, who)

    def undo(self) -> AppliedEdit | None:
        """Nothing has been edited."""
        return None

    def redo(self) -> AppliedEdit | None:
        """Nothing has been edited."""
        return None

    def history(self) -> tuple[list[AppliedEdit], int]:
        """Nothing has been edited."""
        return [], 0

    def shown_run(self, clip_id: str) -> str | None:
        """There are no runs without a project."""
        return None

    def show_run(self, clip_id: str, run_id: str) -> None:
        """There are no runs without a project.

        Raises:
            InputError: Always.
        """
        raise InputError(f"{self.title}: loose clips have no runs; open the project.")

    def runs(self, clip_id: str) -> list[RunEntry]:
        """There are no runs without a project."""
        return []

    def other_run(self, clip_id: str, run_id: str) -> OtherRun:
        """There are no runs without a project.

        Raises:
            InputError: Always.
        """
        raise InputError(f"{self.title}: loose clips have no runs; open the project.")

    def differences(self, clip_id: str, other: OtherRun, start: int, stop: int) -> Differences:
        """There are no runs without a project.

        Raises:
            InputError: Always.
        """
        raise InputError(f"{self.title}: loose clips have no runs; open the project.")

    def look_again(self, clip_id: str) -> None:
        """Nothing is remembered of runs."""

    def job_states(self) -> dict[str, str]:
        """Nothing is noted without a project."""
        return {}

    def save_job(self, job_id: str, plan: JobPlan, state: str) -> None:
        """There is nowhere to note it; the job's folder says what it is."""

    def close(self) -> None:
        """Nothing is held open."""

"""The questions and orders that everything that can be open answers and takes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from app.document.records import ClipColumns, ClipEntry, RunEntry, RunModel
from core.progress import Cancelled

if TYPE_CHECKING:  # the store imports HDF5 and SQLite: not at the start of the window
    from core.annotations.clips import Probe
    from core.annotations.differences import Differences
    from core.annotations.edits import Edit
    from core.annotations.history import AppliedEdit
    from core.annotations.job_files import JobPlan
    from core.annotations.other_run import OtherRun


class Document(Protocol):
    """A project or loose clips."""

    title: str
    path: Path | None
    """The project's folder; None for loose clips."""

    @property
    def read_only(self) -> bool:
        """Whether nothing can be changed."""
        ...

    @property
    def notes(self) -> list[str]:
        """Sentences for the person about how it was opened."""
        ...

    def entries(self) -> list[ClipEntry]:
        """The clips, in the order of the list."""
        ...

    def shown(self, clip_id: str, frame_idx: int, masks: bool = True) -> Sequence[Any]:
        """What is shown on a frame: FaceRecords, annotations over the active run.

        Without masks label maps are not decoded: for reading many frames.
        """
        ...

    def corrected_frames(self, clip_id: str, track_id: int) -> NDArray[np.int64]:
        """Frames on which a person set a landmark of a face by hand, increasing."""
        ...

    def new_track_id(self, clip_id: str) -> int:
        """A number no face of the clip has."""
        ...

    def person(self, clip_id: str, track_id: int) -> tuple[str, str]:
        """Name and colour (`#rrggbb`) a person gave to a track, empty where none."""
        ...

    def person_name(self, clip_id: str, track_id: int) -> str:
        """What a track is called."""
        ...

    def hidden_people(self, clip_id: str) -> frozenset[int]:
        """Tracks that are not shown for now; `shown` leaves them out."""
        ...

    def hide_people(self, clip_id: str, tracks: frozenset[int]) -> None:
        """Hide exactly these."""
        ...

    def deleted_faces(self, clip_id: str, frame_idx: int) -> list[int]:
        """Tracks a person said are no face on a frame."""
        ...

    def landmark_model(self, clip_id: str) -> RunModel | None:
        """What made the shown run; None for one no model made."""
        ...

    def landmark_scheme(self, clip_id: str) -> str | None:
        """Name of the scheme of the landmarks shown."""
        ...

    def columns(self, clip_id: str, frames: int, cancelled: Cancelled) -> ClipColumns:
        """Read a clip's columns; called from a worker thread."""
        ...

    def update_entry(self, entry: ClipEntry) -> None:
        """Keep what reading the clip has taught."""
        ...

    def relink(self, clip_id: str, path: Path) -> int:
        """Take a clip from another place from now on; returns how many were found with it."""
        ...

    def known_content(self, clip_id: str) -> str:
        """What the content of a clip's file should be; empty where nothing is known."""
        ...

    def take_file(self, clip_id: str, known: Probe) -> None:
        """Take the file that is at a clip's place for the clip, though it is another one."""
        ...

    def cache_folder(self) -> Path | None:
        """Where frame indexes are kept; None for the user's cache."""
        ...

    def markers(self, clip_id: str) -> list[int]:
        """Frames the person has marked, increasing."""
        ...

    def set_markers(self, clip_id: str, frames: list[int]) -> None:
        """Keep the marked frames."""
        ...

    def apply(self, edit: Edit, who: str) -> AppliedEdit:
        """Apply an edit and record it.

        Raises:
            InputError: If there is no project to record it in.
        """
        ...

    def amend(self, seq: int, edit: Edit, who: str) -> AppliedEdit:
        """Let an edit take the place of the last one, number `seq`.

        Raises:
            ValueError: If another edit is the last one.
        """
        ...

    def undo(self) -> AppliedEdit | None:
        """Take the last edit back."""
        ...

    def redo(self) -> AppliedEdit | None:
        """Do the edit last undone again."""
        ...

    def history(self) -> tuple[list[AppliedEdit], int]:
        """The newest edits, oldest first, and the number of the last one in force."""
        ...

    def shown_run(self, clip_id: str) -> str | None:
        """The run a clip is shown with."""
        ...

    def show_run(self, clip_id: str, run_id: str) -> None:
        """Show a clip with another run from now on.

        Raises:
            InputError: If there is no such run.
            StoreError: If nothing can be changed.
        """
        ...

    def runs(self, clip_id: str) -> list[RunEntry]:
        """A clip's runs, oldest first."""
        ...

    def other_run(self, clip_id: str, run_id: str) -> OtherRun:
        """Open a run to compare what is shown with; called from a worker thread.

        Raises:
            InputError: If there is no such run.
            StoreError: If it is damaged.
        """
        ...

    def differences(self, clip_id: str, other: OtherRun, start: int, stop: int) -> Differences:
        """How far what is shown is from a run on frames; called from a worker thread."""
        ...

    def look_again(self, clip_id: str) -> None:
        """Another process has changed a clip's runs."""
        ...

    def job_states(self) -> dict[str, str]:
        """What was last noted of each job, by its folder's name."""
        ...

    def save_job(self, job_id: str, plan: JobPlan, state: str) -> None:
        """Note what is known of a job."""
        ...

    def close(self) -> None:
        """Let go of files."""
        ...

"""What is open: a project, or loose clips without one. The same questions are asked of both.

A document names its clips, says what is known of a face on a frame, and reads a clip's columns for
the timeline. `LooseClips` knows nothing of faces; `app.project_document` asks the project.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from core.errors import InputError
from core.progress import Cancelled

if TYPE_CHECKING:  # the store imports HDF5 and SQLite: not at the start of the window
    from core.annotations.clips import Probe
    from core.annotations.differences import Differences
    from core.annotations.edits import Edit
    from core.annotations.history import AppliedEdit
    from core.annotations.job_files import JobPlan
    from core.annotations.other_run import OtherRun

NO_SOURCE = 255
"""Stands in a source column where a track has no face."""


@dataclass(frozen=True)
class ClipEntry:
    """One clip of the list."""

    clip_id: str
    title: str
    path: Path
    frames: int = 0
    """0 while the clip has not been read yet."""
    fps: float = 0.0
    width: int = 0
    height: int = 0
    problem: str = ""
    """Why it cannot be shown, as a sentence; empty if it can."""


@dataclass(frozen=True)
class RunEntry:
    """One run of a clip, for lists."""

    run_id: str
    title: str
    model: str
    """Names of the nets, or the kind of run where there is none."""
    frames: int
    """Frames it is about."""
    created: str
    """ISO 8601, UTC."""
    is_sealed: bool
    """False while a job is still writing it, or was stopped."""
    is_shown: bool
    problem: str = ""
    """Why it cannot be used; empty if it can."""


@dataclass(frozen=True)
class RunModel:
    """The landmark model a run was made by."""

    run_id: str
    name: str
    sha256: str


@dataclass(frozen=True)
class ClipColumns:
    """What the timeline shows of a clip, a value a frame (T frames, F tracks)."""

    track_ids: tuple[int, ...]
    processed: NDArray[np.bool_]
    """(T,) whether the active run has looked at the frame."""
    source: NDArray[np.uint8]
    """(F, T) Source of the face, NO_SOURCE where there is none."""
    confidence: NDArray[np.float32]
    """(F, T) in [0, 1], NaN where there is no face."""
    jitter: NDArray[np.float32]
    """(T,) mean landmark acceleration in percent of the face's size, largest over tracks."""
    review: NDArray[np.uint8]
    """(T,) ReviewState, the least reviewed face's."""
    edited: NDArray[np.bool_]
    """(T,) whether a person changed anything on the frame."""
    key: NDArray[np.bool_] | None = None
    """(T,) whether the heavy net ran on the frame, also where a person corrected it since; None:
    where a source says so."""
    values: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    """By name, (T,) the run's own numbers of frames, such as a scheduler's state; NaN = none."""

    @property
    def frames(self) -> int:
        """T."""
        return len(self.review)

    def is_key(self) -> NDArray[np.bool_]:
        """(T,) whether the heavy net ran on the frame."""
        if self.key is not None:
            return self.key
        return np.asarray((self.source == 0).any(axis=0))


def empty_columns(frames: int) -> ClipColumns:
    """Columns of a clip nothing is known of."""
    return ClipColumns(
        track_ids=(),
        processed=np.zeros(frames, bool),
        source=np.zeros((0, frames), np.uint8),
        confidence=np.zeros((0, frames), np.float32),
        jitter=np.full(frames, np.nan, np.float32),
        review=np.zeros(frames, np.uint8),
        edited=np.zeros(frames, bool),
    )


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
            "Loose clips cannot be edited; make a project with `predict CLIP -o NAME.lin` and open"
            " that."
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

"""The runs of an open project: written by jobs, read by everybody."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from core.annotations import migrations, opening
from core.annotations.clip_store import ClipStore
from core.annotations.part_file import remove_part
from core.annotations.records import RunHeader
from core.annotations.run_files import RunFiles, new_run_id
from core.annotations.run_part import RunWriter
from core.annotations.run_reader import RunReader
from core.errors import StoreError


class RunStore(ClipStore):
    """An open project with its runs, which are files of their own."""

    def __init__(self, folder: Path, database: opening.OpenDatabase, program_version: str) -> None:
        super().__init__(folder, database, program_version)
        self._files = RunFiles(folder)

    def runs(self, clip_id: str) -> list[RunHeader]:
        """Headers of a clip's runs, oldest first; see `damaged_runs` for the others."""
        return self._files.headers(clip_id)

    def damaged_runs(self, clip_id: str) -> dict[str, str]:
        """By run: why it cannot be used."""
        self._files.headers(clip_id)
        return dict(self._files.damaged)

    def run_is_sealed(self, run_id: str) -> bool:
        """Whether a run is final; one in progress can be resumed."""
        return self._files.is_sealed(run_id)

    def start_run(self, header: RunHeader) -> RunWriter:
        """Start a run; an empty run id, time and program version are filled in.

        Raises:
            InputError: If there is no such clip, or the run's name is unsafe.
            StoreError: If there is such a run.
            ResourceError: If the folder cannot be written.
        """
        self.clip(header.clip_id)
        filled = replace(
            header,
            run_id=header.run_id or new_run_id(),
            created=header.created or migrations.now_to_the_millisecond(),
            program_version=header.program_version or self._program_version,
        )
        return RunWriter.create(self._files.part_path(filled), filled)

    def resume_run(self, run_id: str) -> RunWriter:
        """Go on with an interrupted run where its saved state stands.

        Raises:
            InputError: If there is no such run.
            StoreError: If it is sealed, damaged, or being written by a living process.
        """
        path = self._files.path(run_id)
        if path.suffix == ".h5":
            raise StoreError(f"The run {run_id} is complete; start a new one.")
        return RunWriter.resume(path)

    def discard_run(self, run_id: str) -> None:
        """Throw away a run in progress that nobody writes any more.

        Raises:
            InputError: If there is no such run.
            StoreError: If it is sealed, or being written by a living process.
        """
        self.resume_run(run_id).close()
        remove_part(self._files.path(run_id))

    def open_run(self, run_id: str) -> RunReader:
        """Open a run for reading, sealed or growing; close it after use."""
        return self._files.open(run_id)

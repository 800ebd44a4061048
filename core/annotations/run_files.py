"""`runs/<clip>/<run>.h5` and `.part`: names, listing, opening. The files are the list.

No table names the runs, so a job writes one while a window holds the project's lock: it makes
`runs/<clip>/<run>.part` and, when it is done, `<run>.h5`. Which run is shown is a setting that only
the window changes. Where both files of a run exist, the sealed one counts: the job was killed
between the rename and the removal.
"""

from __future__ import annotations

import re
import secrets
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from core.annotations.database import storing
from core.annotations.part_file import open_part_to_read, read_header
from core.annotations.records import RunHeader
from core.annotations.run_growing import GrowingRunReader
from core.annotations.run_layout import read_front_page
from core.annotations.run_reader import RunReader
from core.annotations.run_sealed import SealedRunReader
from core.errors import CoreError, InputError, StoreError

RUNS = "runs"
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}")


def new_run_id() -> str:
    """A name no other run has, which sorts by time."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"


def check_name(name: str) -> str:
    """A run's or clip's name that is safe as a file name on every system.

    Raises:
        InputError: If it is not.
    """
    if not _NAME.fullmatch(name) or name.endswith((".", ".h5", ".part", ".new")):
        raise InputError(f"{name!r} cannot name a run; letters, digits and . _ - can.")
    return name


class RunFiles:
    """The run files of a project folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / RUNS
        self._headers: dict[tuple[str, int, int], RunHeader] = {}
        self.damaged: dict[str, str] = {}
        """By run: why it could not be listed, as found by the last listing."""

    def part_path(self, header: RunHeader) -> Path:
        """Where a new run in progress goes.

        Raises:
            InputError: If the run's or clip's name is unsafe.
            StoreError: If there is such a run.
        """
        folder = self._folder / check_name(header.clip_id)
        path = folder / f"{check_name(header.run_id)}.part"
        if self.find(header.run_id) is not None:
            raise StoreError(f"There is a run {header.run_id} in {self._folder} already.")
        with storing(folder):
            folder.mkdir(parents=True, exist_ok=True)
        return path

    def find(self, run_id: str) -> Path | None:
        """The file of a run, sealed before growing; None if there is none."""
        check_name(run_id)
        for suffix in (".h5", ".part"):
            for path in self._folder.glob(f"*/{run_id}{suffix}"):
                return path
        return None

    def is_sealed(self, run_id: str) -> bool:
        """Whether a run is final."""
        path = self.find(run_id)
        return path is not None and path.suffix == ".h5"

    def path(self, run_id: str) -> Path:
        """The file of a run.

        Raises:
            InputError: If there is no such run.
        """
        if (path := self.find(run_id)) is None:
            raise InputError(f"There is no run {run_id} in {self._folder}.")
        return path

    def headers(self, clip_id: str) -> list[RunHeader]:
        """Headers of a clip's runs, oldest first; damaged ones are named in `damaged`."""
        found = {path.stem: path for path in self._clip_files(clip_id, ".part")}
        found |= {path.stem: path for path in self._clip_files(clip_id, ".h5")}
        headers = []
        self.damaged = {}
        for run_id, path in found.items():
            try:
                headers.append(self._header(path))
            except CoreError as error:
                if path.exists():  # else it was sealed between listing and reading
                    self.damaged[run_id] = str(error)
                elif path.with_suffix(".h5").exists():
                    headers.append(self._header(path.with_suffix(".h5")))
        return sorted(headers, key=lambda header: (header.created, header.run_id))

    def open(self, run_id: str) -> RunReader:
        """Open a run for reading, sealed or growing.

        Raises:
            InputError: If there is no such run.
            StoreError: If it is damaged.
        """
        path = self.path(run_id)
        if path.suffix == ".h5":
            return SealedRunReader(path)
        try:
            return GrowingRunReader(path)
        except CoreError:
            if (sealed := path.with_suffix(".h5")).exists():  # sealed in this moment
                return SealedRunReader(sealed)
            raise

    def _clip_files(self, clip_id: str, suffix: str) -> list[Path]:
        return sorted((self._folder / check_name(clip_id)).glob(f"*{suffix}"))

    def _header(self, path: Path) -> RunHeader:
        """The header of a run's file, read once a file."""
        with storing(path):
            stat = path.stat()
        key = str(path), stat.st_ino, stat.st_mtime_ns if path.suffix == ".h5" else 0
        if key not in self._headers:
            self._headers[key] = _read_header(path)
        return self._headers[key]


def _read_header(path: Path) -> RunHeader:
    if path.suffix == ".h5":
        return read_front_page(path).header
    with tempfile.TemporaryDirectory(prefix="lineament-") as spare, storing(path):
        connection = open_part_to_read(path, Path(spare))
        try:
            return read_header(connection, path)
        finally:
            connection.close()

"""Clips of a project: known by content, found by path, relinked when they moved."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from core.annotations.history import transaction
from core.annotations.migrations import now
from core.annotations.records import Clip
from core.errors import CoreError, InputError

_COLUMNS = "clip_id, rel_path, content_id, frames, fps, width, height, size_bytes"


@dataclass(frozen=True)
class Probe:
    """What is learned by looking into a clip once."""

    content_id: str
    frames: int
    fps: float
    width: int
    height: int


def probe(path: Path) -> Probe:
    """Look into a clip.

    Raises:
        InputError: If it is no clip.
    """
    from core.video.content_id import content_id
    from core.video.reader import VideoReader

    with VideoReader(path) as reader:
        info = reader.info
    return Probe(content_id(path), info.frames, info.fps, info.width, info.height)


class Clips:
    """The clips of one project folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()

    def all(self, connection: sqlite3.Connection) -> list[Clip]:
        """Every clip, in the order they were added."""
        rows = connection.execute(f"SELECT {_COLUMNS} FROM clips ORDER BY rowid")
        return [Clip(*row) for row in rows]

    def get(self, connection: sqlite3.Connection, clip_id: str) -> Clip:
        """One clip.

        Raises:
            InputError: If the project has no such clip.
        """
        row = connection.execute(
            f"SELECT {_COLUMNS} FROM clips WHERE clip_id = ?", (clip_id,)
        ).fetchone()
        if row is None:
            raise InputError(f"{self._folder} has no clip {clip_id}.")
        return Clip(*row)

    def path(self, clip: Clip) -> Path:
        """Where a clip should be; it may be missing there."""
        return Path(os.path.normpath(self._folder / clip.rel_path))

    def add(self, connection: sqlite3.Connection, path: Path, known: Probe) -> Clip:
        """Add a clip; one with this content is found again, at its new place if the old is gone."""
        for clip in self.all(connection):
            if clip.content_id == known.content_id:
                if not self.path(clip).exists():
                    self._set_path(connection, clip, path)
                return self.get(connection, clip.clip_id)
        clip = Clip(
            clip_id=self._free_id(connection, known.content_id),
            rel_path=self._relative(path),
            content_id=known.content_id,
            frames=known.frames,
            fps=known.fps,
            width=known.width,
            height=known.height,
            size_bytes=_size(path),
        )
        with transaction(connection):
            connection.execute(
                f"INSERT INTO clips ({_COLUMNS}, added) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (*(getattr(clip, name) for name in _COLUMNS.split(", ")), now()),
            )
        return clip

    def relink(self, connection: sqlite3.Connection, clip_id: str, path: Path) -> list[Clip]:
        """Say where a clip is now; other missing clips are looked for beside it.

        Returns:
            Every clip that was found, the one asked for first.

        Raises:
            InputError: If there is no such clip, or the file has other content.
        """
        clip = self.get(connection, clip_id)
        self._check_content(clip, path)
        old_folder = self.path(clip).parent
        found = [self._set_path(connection, clip, path)]
        for other in self.all(connection):
            if not self.path(other).exists():
                place = self._find_beside(other, old_folder, path.absolute().parent)
                if place is not None:
                    found.append(self._set_path(connection, other, place))
        return found

    def replace_content(
        self, connection: sqlite3.Connection, clip_id: str, path: Path, known: Probe
    ) -> Clip:
        """Take another file for a clip (cut or encoded anew), because the person said so."""
        clip = self._set_path(connection, self.get(connection, clip_id), path)
        changed = replace(
            clip,
            content_id=known.content_id,
            frames=known.frames,
            fps=known.fps,
            width=known.width,
            height=known.height,
            size_bytes=_size(path),
        )
        with transaction(connection):
            connection.execute(
                "UPDATE clips SET content_id = ?, frames = ?, fps = ?, width = ?, height = ?, "
                "size_bytes = ? WHERE clip_id = ?",
                (
                    changed.content_id, changed.frames, changed.fps, changed.width,
                    changed.height, changed.size_bytes, clip_id,
                ),
            )  # fmt: skip
        return changed

    def has_its_content(self, clip: Clip) -> bool:
        """Whether the file at a clip's place is still the one that was added (reads 1 MiB)."""
        return _content_of(self.path(clip)) == clip.content_id

    def _check_content(self, clip: Clip, path: Path) -> None:
        from core.video.content_id import content_id

        if content_id(path) != clip.content_id:
            raise InputError(
                f"{path} is not the clip that was at {self.path(clip)}: its content differs."
            )

    def _find_beside(self, clip: Clip, old_folder: Path, new_folder: Path) -> Path | None:
        """A missing clip, searched at the same place relative to the one found, then beside it."""
        for candidate in _candidates(clip, self.path(clip), old_folder, new_folder):
            if _content_of(candidate) == clip.content_id:
                return candidate
        return None

    def _set_path(self, connection: sqlite3.Connection, clip: Clip, path: Path) -> Clip:
        moved = replace(clip, rel_path=self._relative(path))
        with transaction(connection):
            connection.execute(
                "UPDATE clips SET rel_path = ? WHERE clip_id = ?", (moved.rel_path, clip.clip_id)
            )
        return moved

    def _relative(self, path: Path) -> str:
        """From the project folder; absolute where there is no way (another drive)."""
        try:
            return Path(os.path.relpath(path.absolute(), self._folder)).as_posix()
        except ValueError:
            return path.absolute().as_posix()

    def _free_id(self, connection: sqlite3.Connection, content_id: str) -> str:
        """The first digits of the content id, as many as tell the clips of the project apart.

        A clip whose content was replaced keeps its first id, so the digits may be taken.
        """
        taken = {clip.clip_id for clip in self.all(connection)}
        names = [content_id[:length] for length in range(16, 65)]
        names += [f"{content_id[:16]}-{number}" for number in range(len(taken) + 1)]
        return next(name for name in names if name not in taken)


def _candidates(clip: Clip, old: Path, old_folder: Path, new_folder: Path) -> Iterator[Path]:
    """Places worth looking: same way from the found clip, same name, same size and suffix."""
    moved = Path(os.path.normpath(new_folder / os.path.relpath(old, old_folder)))
    for place in dict.fromkeys((moved, new_folder / old.name)):
        if place.exists():
            yield place
    if clip.size_bytes:
        for place in sorted(new_folder.glob(f"*{old.suffix}")):
            if place.is_file() and place.stat().st_size == clip.size_bytes:
                yield place


def _content_of(path: Path) -> str | None:
    """The content id of what lies at a path; None for nothing readable."""
    from core.video.content_id import content_id

    try:
        return content_id(path)
    except CoreError:
        return None


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0

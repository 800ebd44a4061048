"""The clips of an open project."""

from __future__ import annotations

from pathlib import Path

from core.annotations import opening
from core.annotations.clips import Clips, Probe, probe
from core.annotations.open_project import OpenProject
from core.annotations.records import Clip


class ClipStore(OpenProject):
    """An open project with its clips; a missing clip never blocks the rest."""

    def __init__(self, folder: Path, database: opening.OpenDatabase, program_version: str) -> None:
        super().__init__(folder, database, program_version)
        self._clips = Clips(folder)
        self._frames: dict[str, int] = {}

    def clips(self) -> list[Clip]:
        """Every clip, in the order they were added."""
        with self._reading() as connection:
            return self._clips.all(connection)

    def clip(self, clip_id: str) -> Clip:
        """One clip.

        Raises:
            InputError: If there is no such clip.
        """
        with self._reading() as connection:
            return self._clips.get(connection, clip_id)

    def add_clip(self, path: Path | str, known: Probe | None = None) -> Clip:
        """Add a clip; one that is in the project already is found by its content.

        Args:
            path: A video file, image folder or image.
            known: What is known of it; it is looked into when None.

        Raises:
            InputError: If it is no clip.
        """
        found = known or probe(Path(path))
        with self._writing() as connection:
            return self._clips.add(connection, Path(path), found)

    def clip_path(self, clip: Clip) -> Path:
        """Where a clip should be; `exists()` says whether it is there."""
        return self._clips.path(clip)

    def clip_is_unchanged(self, clip: Clip) -> bool:
        """Whether the file at the clip's place is still the one that was added (reads 1 MiB)."""
        return self._clips.has_its_content(clip)

    def relink(self, clip_id: str, path: Path | str) -> list[Clip]:
        """Say where a clip is now; other missing clips are looked for beside it.

        Returns:
            Every clip that was found, the one asked for first.

        Raises:
            InputError: If there is no such clip, or the file has other content.
        """
        with self._writing() as connection:
            return self._clips.relink(connection, clip_id, Path(path))

    def replace_clip(self, clip_id: str, path: Path | str, known: Probe | None = None) -> Clip:
        """Take a file with other content for a clip, because the person said so."""
        found = known or probe(Path(path))
        with self._writing() as connection:
            self._frames.pop(clip_id, None)
            return self._clips.replace_content(connection, clip_id, Path(path), found)

    def _clip_frames(self, clip_id: str) -> int:
        """Number of frames of a clip, asked for once."""
        if clip_id not in self._frames:
            self._frames[clip_id] = self.clip(clip_id).frames
        return self._frames[clip_id]

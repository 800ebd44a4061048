"""The project a command writes runs into: found or made, with the clips the command is about.

Commands hold the project's lock only while they add a clip, then work read-only: runs are files of
their own. So several commands, and the window, work in one project at the same time, also where two
commands are the first to name a new one.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from core.commands.console import Console, version
from core.errors import InputError, StoreError

if TYPE_CHECKING:
    from core.annotations.clips import Probe
    from core.annotations.project import Project
    from core.annotations.records import Clip

_PATIENCE_S = 10.0
"""How long another process is waited for that holds the lock: a command holds it a moment only."""
_POLL_S = 0.1


def open_target(
    folder: Path, paths: Sequence[Path], known: Sequence[Probe], console: Console
) -> Project:
    """Open a project, made if there is none, with clips in it and at these places.

    Args:
        folder: NAME.lin.
        paths: The clips.
        known: What is known of each.
        console: Told what the person should know.

    Returns:
        The project, open read-only; runs can be started in it.

    Raises:
        StoreError: If it is no project, or a clip has to be added and a window holds the lock.
        ResourceError: If it cannot be written.
    """
    from core.annotations.project import Project

    if not folder.exists():
        _create(folder)
    project = Project.open(folder, read_only=True, program_version=version())
    if not all(_is_settled(project, one) for one in known):
        project.close()
        with _open_to_write(folder) as writable:
            for path, one in zip(paths, known, strict=True):
                _settle(writable, path, one)
            for note in writable.notes:
                console.say(note)
        project = Project.open(folder, read_only=True, program_version=version())
    for note in project.notes:
        console.say(note)
    return project


def clip_of(project: Project, known: Probe) -> Clip:
    """The clip with this content, which `open_target` has put in.

    Raises:
        InputError: If it has been taken out again since.
    """
    for clip in project.clips():
        if clip.content_id == known.content_id:
            return clip
    raise InputError(f"{project.folder}: the clip is no longer in it; try again.")


def _create(folder: Path) -> None:
    """Make a new project, or find that another process has just made it."""
    from core.annotations.project import Project

    try:
        Project.create(folder, version()).close()
    except StoreError:
        if not (folder / "project.db").is_file():
            raise


def _open_to_write(folder: Path) -> Project:
    """Open for writing; a moment's patience with whoever holds the lock."""
    from core.annotations.database import is_writable
    from core.annotations.project import Project

    deadline_s = time.monotonic() + _PATIENCE_S
    while True:
        project = Project.open(folder, program_version=version())
        if not project.read_only:
            return project
        notes = " ".join(project.notes)
        project.close()
        if time.monotonic() > deadline_s or not is_writable(folder):
            raise StoreError(f"{folder}: no clip can be added or relinked now. {notes}".strip())
        time.sleep(_POLL_S)


def _is_settled(project: Project, known: Probe) -> bool:
    """Whether a clip is in the project and still where the project knows it."""
    same = [clip for clip in project.clips() if clip.content_id == known.content_id]
    return any(project.clip_is_unchanged(clip) for clip in same)


def _settle(project: Project, path: Path, known: Probe) -> None:
    """Add a clip, or say where it is now."""
    for clip in project.clips():
        if clip.content_id == known.content_id:
            if not project.clip_is_unchanged(clip):
                project.relink(clip.clip_id, path)
            return
    project.add_clip(path, known)

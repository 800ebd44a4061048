"""From paths a person gives (arguments, dialogs, drops) to the document they mean."""

from __future__ import annotations

import glob
from collections.abc import Iterable, Sequence
from pathlib import Path

from app.document import Document, LooseClips
from core.errors import InputError

VIDEO_SUFFIXES = frozenset(
    ".mp4 .m4v .mov .avi .mkv .webm .mpg .mpeg .wmv .flv .ts .mts .m2ts .3gp .ogv .gif .h264 .hevc"
    " .mxf .vob .y4m".split()
)
IMAGE_SUFFIXES = frozenset(".png .jpg .jpeg .bmp .ppm .pgm .pbm .tif .tiff .webp .tga".split())
PROJECT_FILE = "project.db"


def expand(arguments: Iterable[str]) -> list[Path]:
    """Paths of arguments; patterns such as `*.mp4` that the shell left alone are filled in.

    Raises:
        InputError: If a path does not exist or a pattern matches nothing.
    """
    found: list[Path] = []
    for text in arguments:
        path = Path(text).expanduser()
        if path.exists():
            found.append(path)
            continue
        matches = sorted(glob.glob(str(path), recursive=True)) if glob.has_magic(text) else []
        if not matches:
            raise InputError(f"{text}: there is no such file or folder; check the path.")
        found.extend(Path(match) for match in matches)
    return found


def is_project(path: Path) -> bool:
    """Whether a path is a project's folder."""
    return path.is_dir() and (path / PROJECT_FILE).exists()


def open_paths(paths: Sequence[Path]) -> Document:
    """The document some paths mean: one project, or clips.

    A folder is a project, or an image folder if it holds pictures and no videos, or else stands
    for the videos in it.

    Raises:
        InputError: If a path is of no use, or a project comes together with other things.
        StoreError: If the project cannot be opened.
    """
    projects = [path for path in paths if is_project(path)]
    if projects and len(paths) > 1:
        raise InputError(f"{projects[0]}: open a project by itself, without other files.")
    if projects:
        from app.project_document import open_project

        return open_project(projects[0])
    return LooseClips([clip for path in paths for clip in clips_of(path)])


def clips_of(path: Path) -> list[Path]:
    """The clips a file or folder stands for.

    Raises:
        InputError: If a folder holds neither videos nor pictures.
    """
    if not path.is_dir():
        return [path]
    if path.suffix == ".lin":
        raise InputError(f"{path}: this folder is called a project but holds no {PROJECT_FILE}.")
    files = sorted(entry for entry in path.iterdir() if entry.is_file())
    videos = [entry for entry in files if entry.suffix.lower() in VIDEO_SUFFIXES]
    if videos:
        return videos
    if any(entry.suffix.lower() in IMAGE_SUFFIXES for entry in files):
        return [path]
    raise InputError(f"{path}: this folder holds neither videos, nor pictures, nor a project.")


def dialog_filter() -> str:
    """The file dialog's choice of clips."""
    suffixes = " ".join(f"*{suffix}" for suffix in sorted(VIDEO_SUFFIXES | IMAGE_SUFFIXES))
    return f"Clips ({suffixes});;All files (*)"

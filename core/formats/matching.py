"""Which clip of a project a file of faces is about: by name, size and number of frames."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from core.annotations.records import Clip
from core.errors import InputError
from core.formats.records import ImportedClip


def match_clip(clips: Sequence[Clip], imported: ImportedClip, file: Path) -> Clip:
    """The clip a file is about.

    A clip of another size, or one that ends before the file's first frame, never fits. Of several
    that fit, the name decides: the one the file notes, or the file's own.

    Args:
        clips: Those to choose from.
        imported: What the file held.
        file: Where it lies, for its name and for the error.

    Raises:
        InputError: If none fits, or several do.
    """
    fitting = [clip for clip in clips if not why_unfit(clip, imported)]
    named = [clip for clip in fitting if _is_named(clip, imported, file)]
    for found in (named, [c for c in named if c.frames == imported.clip.frames], fitting):
        if len(found) == 1:
            return found[0]
    names = ", ".join(Path(clip.rel_path).name for clip in clips)
    if fitting:
        raise InputError(f"{file}: may be about several clips ({names}); choose one by --clip.")
    reasons = "; ".join(why_unfit(clip, imported) for clip in clips)
    raise InputError(f"{file}: is about no clip of the project ({reasons}).")


def why_unfit(clip: Clip, imported: ImportedClip) -> str:
    """Why a file cannot be about a clip, a clause; empty if it can."""
    name = Path(clip.rel_path).name
    width, height = imported.clip.width, imported.clip.height
    if width and height and (width, height) != (clip.width, clip.height):
        return f"its pixels are of {width}×{height}, {name} is {clip.width}×{clip.height}"
    first = imported.frames[0].index if imported.frames else 0
    if first >= clip.frames:
        return f"it begins at frame {first}, {name} has {clip.frames}"
    return ""


def _is_named(clip: Clip, imported: ImportedClip, file: Path) -> bool:
    """Whether a clip is called what the file says, or what the file is called."""
    path = Path(clip.rel_path)
    said = imported.clip.name
    if said in (path.name, path.stem):
        return True
    return file.stem == path.stem or any(
        file.stem.startswith(path.stem + separator) for separator in "-_. "
    )

"""Import faces from files of other programs, or exports, into a project, each file a new run."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.commands.console import Console
from core.errors import CoreError, InputError, JobCancelled

if TYPE_CHECKING:
    from core.annotations.project import Project
    from core.annotations.records import Clip
    from core.formats.records import ImportedClip
    from core.formats.registry import Format

FORMATS = ("coco", "csv", "masks", "pts")
_NAMED = 3
"""So many damaged items are named; the rest is counted."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "files", nargs="+", type=Path, metavar="FILE",
        help="files or folders: COCO JSON, OpenFace's table, a folder of .pts files or of label "
        "maps",
    )  # fmt: skip
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="PROJECT",
        help="project folder (NAME.lin); made if there is none and --clip is a video",
    )  # fmt: skip
    parser.add_argument(
        "--format", default="auto", choices=("auto", *FORMATS),
        help="what the files are (default: by looking at each)",
    )  # fmt: skip
    parser.add_argument(
        "--clip", metavar="CLIP",
        help="which clip they are about: its name in the project, or a video to add "
        "(default: by name, size and number of frames)",
    )  # fmt: skip
    parser.add_argument(
        "--offset", type=int, default=0, metavar="FRAMES",
        help="the clip's frame that the files call frame 0 (default 0)",
    )  # fmt: skip
    parser.add_argument(
        "--first-pixel", type=int, default=1, choices=(0, 1),
        help=".pts: the number of the first pixel (default 1, as iBUG has it)",
    )  # fmt: skip


def run(args: argparse.Namespace, console: Console) -> int:
    """Import every file; one that cannot be read stops none of the others."""
    from core.annotations.clips import probe
    from core.commands.project_target import clip_of, open_target
    from core.formats.project_source import find_clip

    for file in args.files:
        if not file.exists():
            raise InputError(f"{file}: there is no such file or folder; check the path.")
    new = [] if args.clip is None or not Path(args.clip).exists() else [Path(args.clip)]
    if not new and not args.output.exists():
        raise InputError(f"{args.output}: there is no such project; to make it, give --clip VIDEO.")
    known = [probe(path) for path in new]
    with open_target(args.output, new, known, console) as project:
        named = None if args.clip is None or new else find_clip(project, args.clip)
        clip = clip_of(project, known[0]) if new else named
        records = []
        for file in args.files:
            try:
                records.append(_import(args, console, project, clip, file))
            except JobCancelled as stop:
                raise JobCancelled(_cancelled(records)) from stop
            except CoreError as error:
                console.error(str(error))
                records.append({"file": str(file), "error": str(error)})
    good = [record for record in records if "run_id" in record]
    totals = {key: sum(r[key] for r in good) for key in ("frames", "frames_with_face", "tracks")}
    last = good[-1] if good else {}
    console.result(
        {"project": str(args.output), **totals, "run_id": last.get("run_id", ""),
         "left_out": sum(len(record["left_out"]) for record in good), "files": records},
        "",
    )  # fmt: skip
    return 0 if len(good) == len(records) else 2


def _import(
    args: argparse.Namespace, console: Console, project: Project, clip: Clip | None, file: Path
) -> dict[str, Any]:
    """One file's record for the result."""
    from core.formats.importing import moved, write_run
    from core.formats.matching import match_clip
    from core.formats.registry import detect_format, find_format

    form = detect_format(file) if args.format == "auto" else find_format(args.format)
    damage: list[str] = []
    imported = moved(_read(form, file, args.first_pixel, damage), args.offset)
    found = match_clip([clip] if clip is not None else project.clips(), imported, file)
    console.note({"clip_id": found.clip_id})
    done = write_run(project, found, imported, form, file, console.report, console.cancelled)
    console.note({"run": done.run_id, "clip_id": found.clip_id})
    path = project.clip_path(found)
    faces = f"{done.faces:,} face{'' if done.faces == 1 else 's'}"
    console.say(f"{file}: {faces} in {done.frames_with_face:,} of {done.frames:,} frames of {path}")
    left_out = [*_in_short(damage), *done.left_out]
    for sentence in left_out:
        console.say(f"{file}: {sentence}")
    if project.active_run(found.clip_id) != done.run_id:
        console.say(f"{path}: an earlier run stays shown; choose the new one in the window.")
    return {
        "file": str(file), "format": form.name, "clip": str(path), "clip_id": found.clip_id,
        "run_id": done.run_id, "frames": done.frames, "frames_with_face": done.frames_with_face,
        "faces": done.faces, "tracks": done.tracks, "left_out": left_out,
    }  # fmt: skip


def _read(form: Format, file: Path, first_pixel: int, damage: list[str]) -> ImportedClip:
    """What a file holds; what is damaged in it goes to `damage`.

    Raises:
        InputError: If nothing in it is whole.
    """
    from core.formats.records import Reading

    how = Reading(first_pixel, lambda error: damage.append(str(error)))
    imported = form.read(file, how)
    if not imported.frames:
        raise InputError(damage[0] if damage else f"{file}: holds nothing about any frame.")
    return imported


def _in_short(damage: list[str]) -> list[str]:
    """The first few damaged items by name, the others counted."""
    named = [f"Left out: {sentence}" for sentence in damage[:_NAMED]]
    more = Counter(damage[_NAMED:]).total()
    return [*named, f"Left out: {more:,} more that are damaged."] if more else named


def _cancelled(records: list[dict[str, Any]]) -> str:
    done = sum("run_id" in record for record in records)
    kept = f"; the {done} finished before stay" if done else "; nothing is left of it"
    return f"Import stopped{kept}."

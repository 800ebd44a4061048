"""Export a clip of a project: overlay video, label maps, OpenFace table, COCO or .pts files."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from core.commands.console import Console, require_file, version
from core.errors import InputError

if TYPE_CHECKING:
    from core.annotations.records import Clip
    from core.formats.project_source import ProjectSource

FORMATS = ("overlay", "masks", "csv", "coco", "pts")
_LAYERS = "masks,contours,landmarks,boxes,names"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("project", type=Path, metavar="PROJECT", help="project folder (NAME.lin)")
    parser.add_argument(
        "--format", required=True, choices=FORMATS,
        help="overlay: video with faces drawn in; masks: folder of indexed PNGs; csv: OpenFace's "
        "table; coco: JSON of keypoints and run-lengths; pts: folder of .pts files",
    )  # fmt: skip
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="OUT", help="file or new folder"
    )
    parser.add_argument(
        "--clip", metavar="CLIP", help="which clip, by name, where there are several"
    )
    parser.add_argument(
        "--run",
        dest="run_id",
        metavar="RUN",
        help="this run as it stands, without what people decided",
    )
    parser.add_argument("--start", type=int, default=0, metavar="FRAME", help="first frame")
    parser.add_argument("--stop", type=int, metavar="FRAME", help="one past the last frame")
    parser.add_argument(
        "--layers", default=_LAYERS, metavar="LIST", help=f"what to draw (default {_LAYERS})"
    )
    parser.add_argument(
        "--quality", type=int, default=20, metavar="CRF", help="of the video, 0 best … 51"
    )


def run(args: argparse.Namespace, console: Console) -> int:
    """Write the export and say what it holds and what it leaves out."""
    from core.annotations.project import Project
    from core.formats.overlay import parse_layers
    from core.formats.project_source import ProjectSource, find_clip

    require_file(args.project, "project")
    parse_layers(args.layers)  # a misspelt layer is said before any work
    # Reading needs no lock, so that an export runs beside an open window.
    with Project.open(args.project, read_only=True, program_version=version()) as project:
        clip = find_clip(project, args.clip)
        span = _span(args, clip)
        _check_output(args.output, project.clip_path(clip), args.project)
        with ProjectSource(project, clip, args.run_id, console.report, console.cancelled) as source:
            frames, lost = _write(args, console, source, span)
    for sentence in lost:
        console.say(sentence)
    record = {
        "format": args.format, "output": str(args.output), "clip": str(source.path),
        "run": source.run_id, "start": span[0], "stop": span[1], "frames": frames, "lost": lost,
    }  # fmt: skip
    console.result(record, f"{args.output}: {frames:,} frames.")
    return 0


def _write(
    args: argparse.Namespace, console: Console, source: ProjectSource, span: tuple[int, int]
) -> tuple[int, list[str]]:
    """Frames written, and what was lost."""
    from core.formats import overlay, overlay_video
    from core.formats.registry import find_format

    if args.format == "overlay":
        layers = overlay.parse_layers(args.layers)
        if source.reader is None:
            raise InputError(f"{source.path}: the clip is no longer there; relink it first.")
        frames = overlay_video.write(
            args.output, source.described, source.reader, source.faces, span, layers,
            args.quality, console.report, console.cancelled,
        )  # fmt: skip
        return frames, []
    if source.reader is None:
        console.say(f"{source.path}: is not there; times follow from the mean frame rate.")
    written = find_format(args.format)
    stream = source.frames(*span, console.report, console.cancelled)
    return written.write(args.output, source.described, stream), written.lost(source.described)


def _span(args: argparse.Namespace, clip: Clip) -> tuple[int, int]:
    stop = clip.frames if args.stop is None else min(args.stop, clip.frames)
    if not 0 <= args.start < stop:
        upto = "" if args.stop is None else f" --stop {args.stop}"
        raise InputError(
            f"--start {args.start}{upto}: none of the clip's {clip.frames:,} frames are meant."
        )
    return args.start, stop


def _check_output(output: Path, clip: Path, project: Path) -> None:
    """Refuse to write over the clip or into the project."""
    target = output.absolute().resolve()
    if target == clip.absolute().resolve():
        raise InputError(f"{output}: is the clip itself; choose another name.")
    if target.is_relative_to(project.absolute().resolve()):
        raise InputError(f"{output}: lies inside the project; choose a place outside it.")

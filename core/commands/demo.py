"""Run the whole chain on a rendered clip (or yours): predict, overlay, exports, into one folder."""

from __future__ import annotations

import argparse
import importlib
import shlex
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from core.commands.console import Console, require_file, version
from core.errors import InputError
from core.progress import Progress, check

if TYPE_CHECKING:
    from core.synthesis.clip import Clip

RENDERED_FRAMES = 150
RENDERED_HW = (480, 640)
RENDERED_FPS = 25
RENDERED_SEED = 20
"""The clip everybody sees first: one person, then a cut to another."""
MODELS = ("landmarks-68", "parts")
"""Both default models: 68 points, and the parts of the face and head."""
_CLIP_NAME = "clip.mp4"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "clip", nargs="?", type=Path, metavar="CLIP", help="your clip instead of a rendered one"
    )
    parser.add_argument(
        "-o", "--output", type=Path, default=Path("out/demo"), metavar="FOLDER",
        help="where the results go (default out/demo)",
    )  # fmt: skip
    parser.add_argument(
        "--model", action="append", metavar="MODEL",
        help=f"name or file, as for predict (default {' and '.join(MODELS)})",
    )  # fmt: skip


def run(args: argparse.Namespace, console: Console) -> int:
    """Type the commands a user would type, and say each."""
    given = require_file(args.clip, "clip") if args.clip else None
    folder = _own_folder(args.output)
    clip = given or rendered_clip(folder, console)
    project = folder / "demo.lin"
    models = [text for model in args.model or MODELS for text in ("--model", model)]
    _command(console, "predict", str(clip), "-o", str(project), *models)
    name = _show_newest(project, clip)
    for file_format, out in (("overlay", "overlay.mp4"), ("coco", "coco.json"), ("masks", "masks")):
        what = ["export", str(project), "--clip", name, "--format", file_format]
        _command(console, *what, "-o", str(folder / out))
    results = {
        name: str(folder / name) for name in ("demo.lin", "overlay.mp4", "coco.json", "masks")
    }
    console.result({"clip": str(clip), "results": results}, "")
    return 0


def _own_folder(folder: Path) -> Path:
    """The folder, empty or with an earlier demo in it; that demo's label maps make room.

    The project stays, with whatever a person has done in it, and gets another run.

    Raises:
        InputError: If the folder holds something else.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / "demo.lin").is_dir():
        # One mask scheme lies in the folder itself, several each in a folder of their own.
        if any((folder / "masks").glob("classes.json")) or any(
            (folder / "masks").glob("*/classes.json")
        ):
            shutil.rmtree(folder / "masks")
    elif any(folder.iterdir()) and {p.name for p in folder.iterdir()} != {_CLIP_NAME}:
        raise InputError(f"{folder}: holds something else; give the demo a new folder.")
    return folder


def _show_newest(folder: Path, path: Path) -> str:
    """Show the run just made, unless a person has worked in the project; what to call the clip.

    Elsewhere a new run never takes the place of the one that is shown without being asked; here it
    is what was asked for.
    """
    from core.annotations.project import Project
    from core.video.content_id import content_id

    with Project.open(folder, program_version=version()) as project:
        known = content_id(path)
        clip = next(clip for clip in project.clips() if clip.content_id == known)
        if project.history_position == 0 and not project.read_only:
            project.set_active_run(clip.clip_id, project.runs(clip.clip_id)[-1].run_id)
        names = [project.clip_path(one).name for one in project.clips()]
    return path.name if names.count(path.name) == 1 else clip.clip_id


def rendered_clip(folder: Path, console: Console) -> Path:
    """Render the demo clip with the embedded head, unless it is there already."""
    from core.video.writer import VideoWriter

    path = folder / _CLIP_NAME
    if path.exists():
        return path
    console.say(f"rendering {RENDERED_FRAMES} frames …")
    height, width = RENDERED_HW
    clip = people()
    with VideoWriter(path, width, height, RENDERED_FPS) as writer:
        for t in range(RENDERED_FRAMES):
            check(console.cancelled)
            console.report(Progress("render", t, RENDERED_FRAMES))
            rgb = clip.frame(t).rgb
            assert rgb is not None  # it was asked for
            writer.write(rgb)
    return path


def people() -> Clip:
    """The demo's clip, not yet rendered."""
    from core.synthesis.clip import Clip
    from core.synthesis.motion import MotionSettings
    from core.synthesis.recipe import Recipe

    world = Recipe(
        template="procedural", occluded_share=0.0, other_face_share=0.0, hat_share=0.0,
        yaw_deg=30.0, pitch_deg=12.0, roll_deg=12.0, faults=0.1, eye_distance_share=(0.2, 0.24),
        off_centre=0.04,
    )  # fmt: skip
    motion = MotionSettings(shot_s=(2.4, 2.8), hard_share=0.0, same_subject=0.0)
    return Clip(
        RENDERED_SEED, RENDERED_FRAMES, RENDERED_HW, world, RENDERED_FPS, settings=motion
    )  # fmt: skip


def _command(console: Console, name: str, *arguments: str) -> None:
    """Run another command as if it had been typed, its own result kept from stdout."""
    console.say(f"$ lineament {shlex.join([name, *arguments])}")
    module = importlib.import_module(f"core.commands.{name}")
    parser = argparse.ArgumentParser(prog=f"lineament {name}")
    module.add_arguments(parser)
    with console.muted():
        module.run(parser.parse_args(arguments), console)

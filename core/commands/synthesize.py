"""Render faces with exact ground truth: pictures, clips, landmarks alone, a contact sheet."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.commands.console import Console
from core.errors import InputError, ResourceError
from core.progress import Progress, check

PROJECT_SUFFIX = ".lin"
_PICTURES = (".jpg", ".png")

if TYPE_CHECKING:
    from core.synthesis.recipe import Recipe
    from core.synthesis.world import RenderedFrame


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to render, how much, where to."""
    parser.add_argument(
        "recipe", nargs="?", default="default",
        help="a world: default, frontal, hard, clean, or a TOML file (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument("-n", "--count", type=int, default=24, help="faces, or clips")
    parser.add_argument("--seed", type=int, default=0, help="number of the first face")
    parser.add_argument("--size", type=int, default=256, help="side of a picture, pixels")
    parser.add_argument("--clip", type=int, metavar="FRAMES", help="render clips of this length")
    parser.add_argument("--workers", type=int, default=1, help="processes that render")
    parser.add_argument(
        "--landmarks-only", type=Path, metavar="OUT.npz", help="write `landmarks` (N, 68, 2) alone"
    )
    parser.add_argument(
        "--contact-sheet", type=Path, metavar="OUT.jpg", help="write one picture of all faces"
    )
    parser.add_argument(
        "--conventions", type=Path, metavar="OUT.jpg",
        help="write a picture of the 68 points on one face, both conventions, and stop",
    )  # fmt: skip
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FOLDER|PROJECT.lin",
        help="folder to write into; with --clip also a new project, its truth as a sealed run",
    )  # fmt: skip


def run(args: argparse.Namespace, console: Console) -> int:
    """Render what was asked for."""
    from core.synthesis.recipe import load_recipe

    _check(args)
    recipe = load_recipe(args.recipe)
    if args.conventions is not None:
        return _conventions(args, recipe, console)
    start = time.monotonic()
    record: dict[str, Any] = {"recipe": args.recipe, "seed": args.seed, "count": args.count}
    if args.landmarks_only is not None:
        record["landmarks"] = str(_landmarks_only(args, recipe, console))
    elif args.clip:
        record["files"] = [str(p) for p in _clips(args, recipe, console)]
        record["count"] = len(record["files"])  # fewer when stopped
    else:
        record |= _pictures(args, recipe, console)
    record["seconds"] = round(time.monotonic() - start, 2)
    console.result(record, _as_text(record))
    return 130 if console.cancelled() else 0


def _check(args: argparse.Namespace) -> None:
    if args.count < 1:
        raise InputError(f"-n {args.count}: ask for at least one face.")
    if not 32 <= args.size <= 4096:
        raise InputError(f"--size {args.size}: pictures have 32 to 4096 pixels a side.")
    if args.clip is not None and args.clip < 1:
        raise InputError(f"--clip {args.clip}: a clip has at least one frame.")
    files = (args.landmarks_only, args.contact_sheet, args.conventions)
    if args.output is None and files == (None,) * 3:
        raise InputError("Nothing to write: give -o FOLDER, --landmarks-only or --contact-sheet.")
    _check_pictures(files[1:])
    if args.clip and args.output is None:
        raise InputError("--clip needs a folder: give -o FOLDER.")
    if not args.clip and args.output is not None and args.output.suffix == PROJECT_SUFFIX:
        raise InputError(f"{args.output}: a project holds clips; say how long, --clip FRAMES.")


def _check_pictures(files: tuple[Path | None, ...]) -> None:
    for file in files:
        if file is not None and file.suffix.lower() not in _PICTURES:
            raise InputError(f"{file}: pictures end in {', '.join(_PICTURES)}.")


def _conventions(args: argparse.Namespace, recipe: Recipe, console: Console) -> int:
    from core.synthesis.figures import conventions_figure

    _write_picture(args.conventions, conventions_figure(recipe.template))
    console.result({"conventions": str(args.conventions)}, str(args.conventions))
    return 0


def _write_picture(target: Path, rgb: Any) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    _save(target, rgb[..., ::-1])


def _save(target: Path, bgr: Any) -> None:
    """Write a picture; OpenCV says by a mere False that it could not."""
    import cv2

    if not cv2.imwrite(str(target), bgr, [cv2.IMWRITE_JPEG_QUALITY, 82]):
        raise ResourceError(f"{target} cannot be written; is there space, may you write there?")


def _as_text(record: dict[str, Any]) -> str:
    places = [record.get("folder"), record.get("sheet"), record.get("landmarks")]
    places += record.get("files", [])
    return f"{record['count']} in {record['seconds']} s: " + ", ".join(p for p in places if p)


def _landmarks_only(args: argparse.Namespace, recipe: Recipe, console: Console) -> Path:
    import numpy as np

    from core.synthesis.world import sample_landmarks

    chunks = []
    for start in range(0, args.count, 256):
        check(console.cancelled)
        seeds = range(args.seed + start, args.seed + min(start + 256, args.count))
        chunks.append(sample_landmarks(seeds, args.size, recipe))
        console.report(Progress("Posing faces", start + len(seeds), args.count, {}))
    target: Path = args.landmarks_only
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    with part.open("wb") as stream:
        np.savez_compressed(
            stream, landmarks=np.concatenate(chunks), image_hw=np.array([args.size, args.size])
        )
    part.replace(target)
    return target


def _pictures(args: argparse.Namespace, recipe: Recipe, console: Console) -> dict[str, Any]:
    """Faces as PNG files with one landmarks file, and/or a contact sheet; how many, and where."""
    import cv2
    import numpy as np

    from core.synthesis.world import render_faces

    outputs = ("rgb", "visible", "parts14", "face5", "occlusion3") if args.output else ("rgb",)
    if args.output:
        args.output.mkdir(parents=True, exist_ok=True)
    frames: list[RenderedFrame] = []
    thumbnails = []
    seeds = range(args.seed, args.seed + args.count)
    rendered = render_faces(seeds, args.size, outputs, recipe, args.workers)
    for seed, frame in zip(seeds, rendered, strict=True):
        assert frame.rgb is not None
        if args.output:
            _write_face(args.output / f"{seed:07d}", frame)
        if args.contact_sheet:
            thumbnails.append(cv2.resize(frame.rgb, (192, 192), interpolation=cv2.INTER_AREA))
        frames.append(_without_pictures(frame))
        console.report(Progress("Rendering faces", len(frames), args.count, {}))
        if console.cancelled():
            break
    written: dict[str, Any] = {"count": len(frames)}
    if args.output:
        truth = args.output / "landmarks.npz"
        names = [f"{seed:07d}.png" for seed in seeds[: len(frames)]]
        np.savez_compressed(truth, **_truth_table(frames), files=np.array(names))
        written["folder"] = str(args.output)
    if args.contact_sheet:
        _write_picture(args.contact_sheet, _tiled(thumbnails))
        written["sheet"] = str(args.contact_sheet)
    return written


def _write_face(stem: Path, frame: RenderedFrame) -> None:
    assert frame.rgb is not None
    _save(stem.with_name(f"{stem.name}.png"), frame.rgb[..., ::-1])
    for name in ("parts14", "face5", "occlusion3"):
        _save(stem.with_name(f"{stem.name}_{name}.png"), getattr(frame, name))


def _without_pictures(frame: RenderedFrame) -> RenderedFrame:
    from dataclasses import replace

    return replace(frame, rgb=None, parts14=None, face5=None, occlusion3=None, blobs=None)


def _truth_table(frames: list[RenderedFrame]) -> dict[str, Any]:
    """Landmarks, visibility, pose and subject of all frames, stacked: arrays of an `.npz`."""
    import numpy as np

    table: dict[str, Any] = {
        name: np.stack([f.landmarks[name] for f in frames]) for name in frames[0].landmarks
    }
    table |= {
        f"{name}_visible": np.stack([f.visible[name] for f in frames]) for name in frames[0].visible
    }
    table["landmarks"] = table["ibug68"]
    table["pose_deg"] = np.array([f.pose_deg for f in frames], np.float32)
    table["subject"] = np.array([f.subject for f in frames], np.int64)
    return table


def _tiled(pictures: list[Any]) -> Any:
    import numpy as np

    columns = max(1, round((len(pictures) * 1.6) ** 0.5))
    blank = np.full_like(pictures[0], 255)
    padded = pictures + [blank] * (-len(pictures) % columns)
    rows = [np.hstack(padded[i : i + columns]) for i in range(0, len(padded), columns)]
    return np.ascontiguousarray(np.vstack(rows))


def _clips(args: argparse.Namespace, recipe: Recipe, console: Console) -> list[Path]:
    """Videos with a truth file beside each, or a project of them."""
    import numpy as np

    from core.synthesis.clip import Clip
    from core.video.writer import VideoWriter

    if args.output.suffix == PROJECT_SUFFIX:
        return _project(args, recipe, console)
    args.output.mkdir(parents=True, exist_ok=True)
    written = []
    for number in range(args.seed, args.seed + args.count):
        clip = Clip(number, args.clip, (args.size, args.size), recipe)
        path = args.output / f"clip{number:05d}.mp4"
        frames = []
        with VideoWriter(path, args.size, args.size, clip.fps) as writer:
            for index in range(args.clip):
                frame = clip.frame(index, ("rgb", "visible"))
                assert frame.rgb is not None
                writer.write(frame.rgb)
                frames.append(_without_pictures(frame))
                console.report(Progress(f"Rendering {path.name}", index + 1, args.clip, {}))
                if console.cancelled():
                    break
        np.savez_compressed(
            path.with_suffix(".npz"), **_truth_table(frames), shot=clip.shot_of[: len(frames)]
        )
        written.append(path)
        if console.cancelled():
            break
    return written


def _project(args: argparse.Namespace, recipe: Recipe, console: Console) -> list[Path]:
    from core.commands.synthetic_project import write_clips
    from core.synthesis.clip import Clip
    from core.synthesis.world import template_of

    template_of(recipe.template)  # says what is missing before anything is written
    size = (args.size, args.size)
    clips = (
        (f"clip{number:05d}.mp4", Clip(number, args.clip, size, recipe))
        for number in range(args.seed, args.seed + args.count)
    )
    return write_clips(args.output, clips, console.report, console.cancelled)

"""Predict landmarks and masks of clips into a project; an interrupted run is gone on with."""

from __future__ import annotations

import argparse
import contextlib
import glob
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.commands.console import Console, require_file
from core.errors import InputError, JobCancelled

if TYPE_CHECKING:
    from core.annotations.clips import Probe
    from core.annotations.project import Project
    from core.annotations.records import Clip
    from core.faces.detection import Detector
    from core.inference.pipeline import PredictResult
    from core.inference.predictor import Predictor

DEFAULT_MODEL = "landmarks-68"
_VIDEO_SUFFIXES = {
    ".avi", ".gif", ".m2v", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".webm", ".wmv",
}  # fmt: skip
_OVERLAY_SUFFIXES = (".mp4", ".m4v", ".mov", ".mkv")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("clips", nargs="+", metavar="CLIP", help="videos, folders or patterns")
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="PROJECT",
        help="project folder (NAME.lin); one that exists gets another run",
    )  # fmt: skip
    parser.add_argument(
        "--model", action="append", metavar="MODEL",
        help=f"name or file; once for landmarks, again for masks (default {DEFAULT_MODEL})",
    )  # fmt: skip
    parser.add_argument("--card", metavar="FILE", help="model card of a foreign ONNX model")
    parser.add_argument(
        "--detector", default="cascade", metavar="NAME", help="cascade (default) or yunet:FILE"
    )
    parser.add_argument("--start", type=int, default=0, metavar="FRAME", help="first frame")
    parser.add_argument("--stop", type=int, metavar="FRAME", help="one past the last frame")
    parser.add_argument("--device", default="auto", help="auto (default), cpu, cuda, cuda:N, mps")
    parser.add_argument("--no-masks", action="store_true", help="do not paint face5 masks")
    parser.add_argument("--restart", action="store_true", help="do not go on with a stopped run")
    parser.add_argument(
        "--overlay", type=Path, metavar="OUT.mp4", help="also write a video with the result drawn"
    )


def run(args: argparse.Namespace, console: Console) -> int:
    """Predict every clip; nothing is written before all inputs have been looked at."""
    from core.annotations.clips import probe
    from core.commands.project_target import clip_of, open_target
    from core.faces.detection import make_detector

    paths = expand(args.clips)
    _check_span(args)
    _check_overlay(args.overlay, paths)
    detector = make_detector(args.detector)
    known = [probe(path) for path in paths]
    _check_start(args.start, paths, known)
    predictors = _load(args)
    with open_target(args.output, paths, known, console) as project:
        clips = [clip_of(project, one) for one in known]
        records = [_predict(args, console, project, clip, predictors, detector) for clip in clips]
    record = _record(args.output, records)
    console.result(record, "")
    if record["frames_with_face"] > 0:
        return 0
    # The run is kept: that nobody is there is an answer, but hardly the one that was asked for.
    console.error(
        f"{', '.join(map(str, paths))}: no face in any frame; try another detector "
        "(--detector yunet:FILE) or other frames (--start, --stop)."
    )
    return 2


def expand(arguments: list[str]) -> list[Path]:
    """The clips that paths, patterns and folders of videos stand for, in order, each once.

    Raises:
        InputError: If one stands for nothing.
    """
    found: dict[Path, None] = {}
    for text in arguments:
        path = Path(text)
        matches = [path] if path.exists() else [Path(m) for m in sorted(glob.glob(text))]
        if not matches:
            require_file(path, "clip")
        for match in matches:
            videos = _videos_in(match) if match.is_dir() else []
            found.update(dict.fromkeys(videos or [match]))
    return list(found)


def _videos_in(folder: Path) -> list[Path]:
    """Videos of a folder; none for a folder of pictures, which is a clip itself."""
    return sorted(p for p in folder.iterdir() if p.suffix.lower() in _VIDEO_SUFFIXES)


def _check_span(args: argparse.Namespace) -> None:
    if args.start < 0:
        raise InputError(f"--start {args.start}: frames are counted from 0.")
    if args.stop is not None and args.stop <= args.start:
        raise InputError(f"--stop {args.stop}: must be above --start {args.start}.")


def _check_start(start: int, paths: list[Path], known: list[Probe]) -> None:
    for path, one in zip(paths, known, strict=True):
        if start >= one.frames:
            raise InputError(f"{path}: has {one.frames:,} frames; --start {start} is beyond them.")


def _check_overlay(out: Path | None, clips: list[Path]) -> None:
    """Refuse before an hour of predicting what would be refused after it."""
    if out is None:
        return
    if len(clips) != 1:
        raise InputError(
            f"--overlay draws one clip and {len(clips)} are given; predict them one by one."
        )
    if out.suffix.lower() not in _OVERLAY_SUFFIXES or not out.absolute().parent.is_dir():
        raise InputError(
            f"{out}: an overlay video ends in {', '.join(_OVERLAY_SUFFIXES)} and its folder exists."
        )
    if out.exists() and any(out.samefile(clip) for clip in clips):
        raise InputError(f"{out} is the clip itself; give the overlay another name.")


def _load(args: argparse.Namespace) -> list[Predictor]:
    from core.inference.model_source import model_folders
    from core.inference.pipeline import Models
    from core.inference.predictor import load_predictor

    folders = model_folders(args.output)
    names = args.model or [DEFAULT_MODEL]
    foreign = [name for name in names if name.lower().endswith(".onnx")]
    if args.card and len(foreign) != 1:
        raise InputError(f"--card describes one foreign ONNX model and {len(foreign)} are given.")
    predictors = []
    for name in names:
        card = args.card if name in foreign else None
        predictors.append(load_predictor(name, args.device, card, folders))
    Models.of(predictors)  # says what is wrong with the choice before anything is written
    return predictors


def _predict(
    args: argparse.Namespace,
    console: Console,
    project: Project,
    clip: Clip,
    predictors: list[Predictor],
    detector: Detector,
) -> dict[str, Any]:
    """One clip's record for the result."""
    from core.inference.pipeline import predict_clip

    path = project.clip_path(clip)
    run_ids: list[str] = []

    def begun(run_id: str) -> None:
        run_ids.append(run_id)
        console.note({"run": run_id, "clip_id": clip.clip_id})

    console.say(f"{path}: {clip.frames:,} frames, {predictors[0].backend_name}")
    try:
        done = predict_clip(
            project, clip.clip_id, predictors, detector,
            start=args.start, stop=args.stop, masks=not args.no_masks, restart=args.restart,
            report=console.report, cancelled=console.cancelled, begun=begun,
        )  # fmt: skip
    except JobCancelled as stop:
        if console.stop_wanted() == "cancel":
            for run_id in run_ids:
                project.discard_run(run_id)
            raise JobCancelled("Cancelled; what this run had so far is thrown away.") from stop
        raise JobCancelled(
            f"Stopped; what is done is kept in {args.output}, the same command goes on from there."
        ) from stop
    console.say(_sentence(path, done))
    if project.active_run(clip.clip_id) != done.run_id:
        console.say(f"{path}: an earlier run stays shown; choose the new one in the window.")
    if args.overlay is not None:
        _draw(args.overlay, path, project, done.run_id, console)
    return {
        "clip": str(path), "clip_id": clip.clip_id, "run_id": done.run_id, "frames": done.frames,
        "frames_with_face": done.frames_with_face, "tracks": done.tracks, "fps": done.fps,
        "seconds": done.seconds, "resumed_at": done.resumed_at,
    }  # fmt: skip


def _draw(out: Path, path: Path, project: Project, run_id: str, console: Console) -> None:
    """Write the overlay video of one run."""
    from core.formats import overlay_video
    from core.formats.records import ExportClip
    from core.schemes import load_landmark_scheme, load_mask_scheme
    from core.video.reader import VideoReader

    cache = project.folder / "cache"
    run = project.open_run(run_id)
    with contextlib.closing(run), VideoReader(path, cache, cache_bytes=0) as reader:
        info, header = reader.info, run.header
        clip = ExportClip(
            path.name, info.width, info.height, info.fps, info.frames,
            load_landmark_scheme(header.landmark_scheme) if header.landmark_scheme else None,
            tuple(load_mask_scheme(name) for name in header.mask_schemes),
        )  # fmt: skip
        span = (header.start, header.stop)
        overlay_video.write(
            out, clip, reader, run.frame, span, report=console.report, cancelled=console.cancelled
        )
    console.say(f"wrote {out}")


def _sentence(path: Path, done: PredictResult) -> str:
    again = "" if done.resumed_at is None else f", went on at frame {done.resumed_at}"
    if done.frames_with_face == 0:
        return f"{path}: no face in {done.frames:,} frames{again}."
    faces = "face" if done.tracks == 1 else "faces"
    return (
        f"{path}: {done.tracks} {faces}, in {done.frames_with_face:,} of {done.frames:,} frames, "
        f"{done.fps:.1f} frames/s{again}."
    )


def _record(output: Path, clips: list[dict[str, Any]]) -> dict[str, Any]:
    """One record: totals first, then every clip."""
    totals = {key: sum(c[key] for c in clips) for key in ("frames", "frames_with_face", "tracks")}
    seconds: dict[str, float] = {}
    for clip in clips:
        for stage, value in clip["seconds"].items():
            seconds[stage] = round(seconds.get(stage, 0.0) + value, 3)
    fps = clips[0]["fps"] if len(clips) == 1 else _mean_fps(clips)
    return {"project": str(output), **totals, "fps": fps, "seconds": seconds, "clips": clips}


def _mean_fps(clips: list[dict[str, Any]]) -> float:
    seconds = sum(clip["seconds"]["total"] for clip in clips)
    done = sum(clip["fps"] * clip["seconds"]["total"] for clip in clips)
    return round(done / max(seconds, 1e-9), 2)

"""Say what a clip is: frames, rate, size, codec, sound, damage."""

from __future__ import annotations

import argparse
from pathlib import Path

from core.commands.console import Console
from core.video.info import VideoInfo


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "clip", type=Path, metavar="CLIP", help="a video, a folder of pictures or a picture"
    )


def run(args: argparse.Namespace, console: Console) -> int:
    """Print the clip's record."""
    from core.video.content_id import content_id
    from core.video.reader import VideoReader

    with VideoReader(args.clip, report=console.report, cancelled=console.cancelled) as clip:
        info = clip.info
    record = {"path": str(args.clip), "content_id": content_id(args.clip), **info.record()}
    console.result(record, describe(args.clip, info))
    return 0


def describe(path: Path, info: VideoInfo) -> str:
    """The record as lines for people."""
    rows = [
        ("frames", f"{info.frames:,}"),
        ("rate", _rate(info)),
        ("size", f"{info.width}×{info.height}{_turned(info)}"),
        ("duration", _clock(info.duration_s)),
        ("codec", f"{info.codec}, {info.pix_fmt}" + (f", {info.container}" * bool(info.container))),
        ("sound", "yes" if info.has_audio else "no"),
    ]
    if info.truncated:
        rows.append(("damage", info.truncated))
    width = max(len(name) for name, _ in rows)
    return "\n".join([str(path), *(f"  {name:<{width}}  {value}" for name, value in rows)])


def _rate(info: VideoInfo) -> str:
    if info.kind == "image":
        return "a single picture"
    fps = f"{info.fps:.3f}".rstrip("0").rstrip(".")
    if info.kind == "folder":
        return f"{fps} frames/s (assumed: a folder of pictures states none)"
    return f"{fps} frames/s, {'varying (mean given)' if info.vfr else 'constant'}"


def _turned(info: VideoInfo) -> str:
    words = [f"turned {info.rotation}° clockwise"] if info.rotation else []
    words += ["mirrored"] if info.mirrored else []
    return f" ({' and '.join(words)} to be shown)" if words else ""


def _clock(seconds: float) -> str:
    hours, rest = divmod(round(seconds * 1000), 3_600_000)
    minutes, milliseconds = divmod(rest, 60_000)
    clock = f"{minutes:02d}:{milliseconds / 1000:06.3f}"
    return f"{hours}:{clock}" if hours else clock

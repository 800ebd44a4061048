"""Seeking and stepping against bare PyAV, on a clip this script renders itself.

`python -m benchmarks.video_seek [--clip FILE] [--seconds 10] [--size 1280x720] [--gop 60]` prints
one JSON record and exits with 1 where a budget is missed. Ratios are taken in one run, both sides
in turn, five passes each, so that a busy machine slows both alike:

- `seek_ratio`: median over random frames of reader time / bare time (seek, decode to the frame's
  time, convert to RGB); the reader's cache holds one frame only, so nothing comes from memory.
  Budget 1.15.
- `backward_ratio`: a whole backward pass / a whole forward pass, default cache. Budget 2.
- `backward_ahead_ratio`: the same with read-ahead, each frame shown for 1/60 s: what the person
  waits for.
- `worst_step_ratio`: the step that costs most, back onto the end of the longest group of pictures
  / bare PyAV decoding that group. Budget 1, and 0.15 for measuring as with seeks.
- `forward_ratio`: `frames()` over the clip / bare PyAV decoding and converting all.
"""

from __future__ import annotations

import argparse
import itertools
import json
import platform
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from core.video.reader import VideoReader

BUDGETS = {"seek_ratio": 1.15, "backward_ratio": 2.0, "worst_step_ratio": 1.15}
ROUNDS = 5
SHOW_S = 1 / 60


def main() -> int:
    """Measure and print the record."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--clip", type=Path, help="measure this clip instead of a rendered one")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--size", default="1280x720")
    parser.add_argument("--gop", type=int, default=60)
    parser.add_argument("--seeks", type=int, default=40)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        clip = args.clip or _render(Path(folder) / "clip.mp4", args)
        record = _measure(clip, Path(folder), args.seeks)
    missed = [name for name, budget in BUDGETS.items() if float(str(record[name])) > budget]
    print(json.dumps(record | {"budgets": BUDGETS, "missed": missed}))
    return 1 if missed else 0


def _measure(clip: Path, folder: Path, seeks: int) -> dict[str, object]:
    with VideoReader(clip, folder) as reader:
        info, group = reader.info, _longest_group(reader)
    record: dict[str, object] = {
        "benchmark": "video_seek",
        "clip": clip.name,
        "frames": info.frames,
        "size": f"{info.width}x{info.height}",
        "codec": info.codec,
        "longest_gop": group[1] - group[0],
        "pyav": av.__version__,
        "machine": f"{platform.machine()} {platform.system()}",
    }
    record.update(_seeking(clip, folder, seeks))
    record.update(_stepping(clip, folder, group))
    return {k: round(v, 4) if isinstance(v, float) else v for k, v in record.items()}


def _seeking(clip: Path, folder: Path, seeks: int) -> dict[str, float]:
    with VideoReader(clip, folder, cache_bytes=1) as reader, av.open(str(clip)) as bare:
        stream = bare.streams.video[0]
        times = [reader.pts(i) for i in range(reader.info.frames)]
        rng, pairs = random.Random(1), []
        for k in range(seeks):
            i = rng.randrange(len(times))
            jobs = [lambda i=i: reader.frame(i), lambda i=i: _bare_frame(bare, stream, times[i])]
            first = k % 2  # who goes first changes, so that neither profits from a warm file
            spent = [0.0, 0.0]
            for which in (first, 1 - first):
                spent[which] = _timed(jobs[which])
            pairs.append(spent)
    return {
        "seek_ms": 1e3 * statistics.median(ours for ours, _ in pairs),
        "seek_bare_ms": 1e3 * statistics.median(theirs for _, theirs in pairs),
        "seek_ratio": statistics.median(ours / theirs for ours, theirs in pairs),
        "seek_total_ratio": sum(o for o, _ in pairs) / sum(t for _, t in pairs),
    }


def _stepping(clip: Path, folder: Path, group: tuple[int, int]) -> dict[str, float]:
    forward, backward, ahead, sweep, bare, worst, group_s = ([] for _ in range(7))
    for _ in range(ROUNDS):
        forward.append(sum(_steps(clip, folder, 0)))
        backward.append(sum(_steps(clip, folder, 0, backward=True)))
        worst.append(_step_onto(clip, folder, group[1] - 1))
        group_s.append(_group_decode_s(clip, folder, group))
        ahead.append(sum(_steps(clip, folder, SHOW_S, backward=True)))
        with VideoReader(clip, folder) as reader:
            sweep.append(_timed(lambda reader=reader: _drain(reader)))
        bare.append(_timed(lambda: _bare_sweep(clip)))
    return {
        "forward_s": min(forward),
        "backward_ratio": min(backward) / min(forward),
        "backward_ahead_ratio": min(ahead) / min(forward),
        "worst_step_ms": 1e3 * min(worst),
        "worst_step_ratio": statistics.median(
            ours / theirs for ours, theirs in zip(worst, group_s, strict=True)
        ),
        "forward_ratio": min(sweep) / min(bare),
    }


def _steps(clip: Path, folder: Path, show_s: float, *, backward: bool = False) -> list[float]:
    """Seconds for each single step of a whole pass; with `show_s`, reading ahead meanwhile."""
    with VideoReader(clip, folder) as reader:
        order = range(reader.info.frames)
        if show_s:
            reader.read_ahead(-1 if backward else 1)
        spent = []
        for i in reversed(order) if backward else order:
            spent.append(_timed(lambda i=i: reader.frame(i)))
            time.sleep(show_s)
    return spent


def _step_onto(clip: Path, folder: Path, i: int) -> float:
    """One step back onto frame `i` with nothing near it decoded."""
    with VideoReader(clip, folder) as reader:
        return _timed(lambda: reader.frame(i))


def _drain(reader: VideoReader) -> None:
    for _ in reader.frames():
        pass


def _timed(job: Callable[[], object]) -> float:
    start = time.perf_counter()
    job()
    return time.perf_counter() - start


def _bare_frame(bare: av.container.InputContainer, stream: object, pts: int) -> np.ndarray:
    bare.seek(pts, stream=stream)
    for frame in bare.decode(stream):
        if frame.pts >= pts:
            break
    return frame.to_ndarray(format="rgb24")


def _bare_sweep(clip: Path) -> None:
    with av.open(str(clip)) as bare:
        for frame in bare.decode(video=0):
            frame.to_ndarray(format="rgb24")


def _longest_group(reader: VideoReader) -> tuple[int, int]:
    """The longest run of frames decoded from one key frame, [start, stop)."""
    starts = [*reader.key_frames(), reader.info.frames]
    return max(itertools.pairwise(starts), key=lambda span: span[1] - span[0])


def _group_decode_s(clip: Path, folder: Path, group: tuple[int, int]) -> float:
    """Seeking to the longest group and decoding it with bare PyAV, best of three."""
    with VideoReader(clip, folder) as reader, av.open(str(clip)) as bare:
        last = reader.pts(group[1] - 1)
        return _timed(lambda: _bare_frame(bare, bare.streams.video[0], last))


def _render(path: Path, args: argparse.Namespace) -> Path:
    """A clip with camera-like content: moving texture and noise, 30 frames/s, B-frames."""
    width, height = (int(v) for v in args.size.split("x"))
    rng = np.random.default_rng(0)
    texture = rng.integers(0, 256, (height // 8 + 40, width // 8 + 40, 3), dtype=np.uint8)
    texture = np.kron(texture, np.ones((8, 8, 1), np.uint8))
    with av.open(str(path), "w") as output:
        options = {"preset": "veryfast", "bf": "2", "crf": "26"}
        stream = output.add_stream("libx264", rate=Fraction(30), options=options)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.gop_size = args.gop
        for k in range(int(args.seconds * 30)):
            x, y = int(100 + 90 * np.sin(k / 17)), int(100 + 90 * np.cos(k / 23))
            view = texture[y : y + height, x : x + width] // 2
            view = view + rng.integers(0, 12, (height, width, 1), dtype=np.uint8)
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(view), format="rgb24")
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


if __name__ == "__main__":
    sys.exit(main())

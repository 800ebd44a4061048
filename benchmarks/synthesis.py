"""How fast faces are rendered: `python -m benchmarks.synthesis [--size 256] [-n 40]`.

Rates a core: pictures of new people (what a training cache needs), frames of one person with all
outputs (the bar: 20 a second at 256²), landmarks alone (the bar: 500 a second). Processor time is
counted, not the clock's, so that a busy machine changes little.
"""

from __future__ import annotations

import argparse
import json
import sys
import time

import cv2

from core.synthesis.clip import Clip
from core.synthesis.recipe import PRESETS
from core.synthesis.world import OUTPUTS, render_face, sample_landmarks


def main() -> int:
    """Measure, print one JSON record, and fail when a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("-n", type=int, default=40)
    parser.add_argument("--recipe", default="default", choices=sorted(PRESETS))
    args = parser.parse_args()
    recipe = PRESETS[args.recipe]
    cv2.setNumThreads(1)
    record: dict[str, float] = {
        "size": args.size,
        "new_people_per_s": _rate(
            args.n, lambda i: render_face(100 + i, args.size, ("rgb",), recipe)
        ),
        "clip_frames_all_outputs_per_s": _clip_rate(args.n, args.size),
        "landmarks_only_per_s": _landmarks_rate(),
    }
    print(json.dumps(record))
    slow = record["clip_frames_all_outputs_per_s"] < 20 or record["landmarks_only_per_s"] < 500
    return int(slow)


def _rate(count, job) -> float:
    """Jobs a second after a warm-up that fills caches and compiles kernels."""
    for index in range(count // 2):
        job(index)
    start = time.process_time()
    for index in range(count, 2 * count):
        job(index)
    return round(count / (time.process_time() - start), 1)


def _clip_rate(count: int, size: int) -> float:
    clip = Clip(1, 2 * count, (size, size))
    return _rate(count, lambda i: clip.frame(i, OUTPUTS))


def _landmarks_rate() -> float:
    sample_landmarks(range(256))
    start = time.process_time()
    for chunk in range(1, 5):
        sample_landmarks(range(256 * chunk, 256 * chunk + 256))
    return round(1024 / (time.process_time() - start), 1)


if __name__ == "__main__":
    sys.exit(main())

"""Speed of both default models together: `python -m benchmarks.models [--faces 60]`.

Bars: `landmarks-68` and `parts`, one after the other on each face of a 720p frame through the
backend each one runs fastest with, ≥ 25 faces a second on 2 cores; on a GPU `landmarks-68` ≥ 130
frames a second at batch 1. Two rates: *core* counts processor time of all threads, so that a busy
machine changes little; *wall* is the clock's, and the share of the machine that was free stands
beside it. The named bound is the two nets alone on inputs that are ready: what cropping,
normalising and mapping back cost on top is `ratio` (1 = nothing).
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np

from benchmarks.pipeline import core_time, free_cores
from core.faces.crops import crop_matrix, eye_line_angle
from core.inference.backends import core_count
from core.inference.landmark_predictor import LandmarkPredictor
from core.inference.parsing_predictor import ParsingPredictor
from core.inference.predictor import load_predictor
from core.synthesis.recipe import PRESETS
from core.synthesis.world import render_face

CPU_BAR, GPU_BAR = 25.0, 130.0
CORES = 2
"""The bar is for two cores."""


def main() -> int:
    """Measure, print the record; 1 if a bar is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--faces", type=int, default=60)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    record = on_cpu(args.faces) | {"gpu": on_gpu(args.faces)}
    print(json.dumps(record))
    gpu = record["gpu"]
    met = record["core_faces_per_s"] >= CPU_BAR
    return 0 if met and (isinstance(gpu, str) or gpu["fps"] >= GPU_BAR) else 1


def picture() -> tuple[np.ndarray, np.ndarray]:
    """A 720p frame with one rendered face, and its landmarks (68, 2)."""
    face = render_face(4, (720, 1280), ("rgb",), PRESETS["frontal"])
    assert face.rgb is not None
    return face.rgb, np.asarray(face.landmarks["ibug68"], dtype=np.float64)


def on_cpu(count: int) -> dict[str, Any]:
    """Both models on one face after another."""
    landmarks, parts = load_predictor("landmarks-68", "cpu"), load_predictor("parts", "cpu")
    assert isinstance(landmarks, LandmarkPredictor)
    assert isinstance(parts, ParsingPredictor)
    rgb, xy = picture()
    first, second = square(landmarks, xy), parts.matrix(xy, landmarks.eye_pair)
    last = parts.predict_batch([(rgb, second)])[0].last_mask
    inputs = [
        np.zeros((1, one.card.input_channels, *one.card.input_hw), np.float32)
        for one in (landmarks, parts)
    ]
    jobs: dict[str, Callable[[], object]] = {
        "landmarks": lambda: landmarks.predict_batch([(rgb, first)]),
        "parts": lambda: parts.predict_batch([(rgb, second)], [last]),
        "landmarks_net": lambda: landmarks._backend.run(inputs[0]),
        "parts_net": lambda: parts._backend.run(inputs[1]),
    }
    core, wall = {}, {}
    free = [free_cores()]
    for name, job in jobs.items():
        core[name], wall[name] = rates(job, count)
    free.append(free_cores())
    both, bound = core["landmarks"] + core["parts"], core["landmarks_net"] + core["parts_net"]
    return {
        "core_faces_per_s": round(CORES / both, 1),
        "bound_faces_per_s": round(CORES / bound, 1),
        "ratio": round(bound / both, 3),
        "wall_faces_per_s": round(1.0 / (wall["landmarks"] + wall["parts"]), 1),
        "free_cores": round(sum(free) / 2, 2), "cores": core_count(),
        "backends": f"{landmarks.backend_name}, {parts.backend_name}",
        **{f"{name}_core_ms": round(1000 * value, 2) for name, value in core.items()},
    }  # fmt: skip


def on_gpu(count: int) -> dict[str, float] | str:
    """The landmark net at batch 1, crop and copies included; a word where there is no CUDA."""
    import torch

    if not torch.cuda.is_available():
        return "no CUDA here: not measured"
    predictor = load_predictor("landmarks-68", "cuda")
    assert isinstance(predictor, LandmarkPredictor)
    rgb, xy = picture()
    matrix = square(predictor, xy)
    _, wall = rates(lambda: predictor.predict_batch([(rgb, matrix)]), 4 * count)
    ready = torch.zeros((1, 3, *predictor.card.input_hw)).numpy()
    _, bound = rates(lambda: predictor._backend.run(ready), 4 * count)
    return {"fps": round(1 / wall, 1), "bound_fps": round(1 / bound, 1)}


def square(predictor: LandmarkPredictor, xy: np.ndarray) -> np.ndarray:
    """The crop a tracker would take from these landmarks."""
    card = predictor.card
    angle = eye_line_angle(xy, predictor.eye_pair)
    return crop_matrix(card.box_rule, xy, angle, card.input_hw)


def rates(job: Callable[[], object], count: int) -> tuple[float, float]:
    """Core seconds and seconds of one call, the best third of three, after a warm-up."""
    for _ in range(max(count // 6, 2)):
        job()
    core, wall = [], []
    for _ in range(3):
        start = time.perf_counter()
        core.append(core_time(lambda: [job() for _ in range(count // 3)]) / (count // 3))
        wall.append((time.perf_counter() - start) / (count // 3))
    return min(core), min(wall)


if __name__ == "__main__":
    sys.exit(main())

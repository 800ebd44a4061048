"""The clip pipeline against its own parts, and its memory on a short and a long clip.

Throughput: frames a second of `predict_clip`, over cores / Σ core-time a frame of the stages, each
measured alone in the same process (budget ≥ 0.9). "Cores" is what this machine gives away at the
time: the processor seconds a second that as many spinning processes get, just before and after.
The clip is made here: a disc on a noisy ground stands for the face, so that detector and net have a
true answer; a net of real size (FFLD, random weights) and the real cascades run beside for their
cost.
Memory: peak of a child that predicts a clip LONG times as long as another (budget ≤ 1.2).

    python -m benchmarks.pipeline [--frames 400] [--long 20]
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from core.annotations.project import Project
from core.annotations.records import RunHeader
from core.faces.cuts import thumbnail
from core.faces.detection import CascadeDetector, Detection, standard_box
from core.faces.tracking import Tracker
from core.inference.backends import Batch, OnnxBackend, core_count
from core.inference.landmark_predictor import LandmarkPredictor
from core.inference.pipeline import predict_clip
from core.inference.stages import DETECT_EVERY
from core.masks.from_landmarks import face5_from_landmarks
from core.nets.model_card import BoxRule, ModelCard
from core.nets.onnx_graph import export_graph
from core.nets.registry import build_net
from core.schemes import load_landmark_scheme
from core.video.reader import VideoReader
from core.video.writer import VideoWriter

THROUGHPUT_BUDGET = 0.9
MEMORY_BUDGET = 1.2
SIDE = 112
_angle = np.linspace(0, 2 * np.pi, 69)[:-1]
_SHAPE = 0.9 * np.stack([np.cos(_angle), np.sin(_angle)], axis=1)  # 68 points round the disc


class DiscBackend:
    """Points round the bright disc of each crop, with the cost of a real net beside."""

    name = "disc"

    def __init__(self, load: OnnxBackend | None) -> None:
        self._load = load

    def run(self, batch: Batch) -> tuple[Batch, ...]:
        """Points and confidence of every crop."""
        if self._load is not None:
            self._load.run(batch)
        grey = np.clip(batch.mean(axis=1) - 0.6, 0, None) * 4
        area = grey.sum(axis=(1, 2)) + 1e-3
        x = (grey * np.arange(SIDE)).sum(axis=(1, 2)) / area
        y = (grey * np.arange(SIDE)[:, None]).sum(axis=(1, 2)) / area
        radius = np.sqrt(area / np.pi)
        points = np.stack([x, y], axis=1)[:, None] + radius[:, None, None] * _SHAPE
        logits = np.repeat(np.where(area > 200, 4.0, -4.0)[:, None], 68, axis=1)
        return points.astype(np.float32), logits.astype(np.float32)


class DiscDetector:
    """Finds the disc, with the cost of the real cascade beside."""

    name = "disc"

    def __init__(self, load: CascadeDetector | None) -> None:
        self._load = load

    def detect(self, rgb: np.ndarray, thorough: bool = False) -> list[Detection]:
        """The discs of a frame."""
        if self._load is not None:
            self._load.detect(rgb, thorough)
        _, _, stats, _ = cv2.connectedComponentsWithStats((rgb.mean(axis=2) > 185).astype(np.uint8))
        return [
            Detection(standard_box(np.array([x, y, x + w, y + h], dtype=float)), 0.9, "yunet")
            for x, y, w, h, area in stats[1:]
            if area > 300
        ]


def disc_predictor(load: bool) -> LandmarkPredictor:
    """A landmark predictor for discs; `load` adds FFLD's cost."""
    net = None
    if load:
        arguments = {"num_points": 68, "input_size": SIDE}
        module = build_net("ffld", arguments).eval()
        graph = export_graph(module, (3, SIDE, SIDE), ("landmarks", "confidence_logits"))
        net = OnnxBackend(graph, "ffld", weights=module.state_dict())
    card = ModelCard(
        name="disc", task="landmarks", architecture="ffld", scheme="ibug68",
        input_hw=(SIDE, SIDE), outputs=("landmarks", "confidence_logits"),
        box_rule=BoxRule(scale=1.6),
    )  # fmt: skip
    return LandmarkPredictor(card, DiscBackend(net), load_landmark_scheme("ibug68"), "none", "cpu")


def write_clip(path: Path, frames: int, hw: tuple[int, int]) -> None:
    """A disc that moves on a noisy ground."""
    height, width = hw
    ground = np.random.default_rng(0).integers(20, 90, (height, width * 2, 3), dtype=np.uint8)
    ground = cv2.GaussianBlur(ground, (5, 5), 0)
    with VideoWriter(path, width, height, 25) as writer:
        for i in range(frames):
            shift = i % width
            rgb = ground[:, shift : shift + width].copy()
            x = width / 2 + width / 5 * np.sin(i / 40)
            cv2.circle(rgb, (round(x), height // 2), height // 5, (235, 225, 215), -1)
            writer.write(rgb)


def throughput(folder: Path, frames: int) -> dict[str, float]:
    """The pipeline's rate over what the cores could do at best."""
    clip = folder / "disc.mp4"
    write_clip(clip, frames, (360, 640))
    predictor, detector = disc_predictor(load=True), DiscDetector(CascadeDetector())
    with Project.create(folder / "bench.lin") as project:
        clip_id = project.add_clip(clip).clip_id
        predict_clip(project, clip_id, [predictor], detector, stop=30)  # warm
        parts = core_seconds(project, clip_id, clip, predictor, detector, frames)
        free = [free_cores()]
        cpu, wall = time.process_time(), time.perf_counter()
        done = predict_clip(project, clip_id, [predictor], detector)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        free.append(free_cores())
    cores = sum(free) / 2
    bound = cores / (sum(parts.values()) / frames)
    assert done.frames_with_face == frames
    return {
        "fps": round(frames / wall, 1), "bound_fps": round(bound, 1),
        "ratio": round(frames / wall / bound, 3),
        "core_efficiency": round(sum(parts.values()) / cpu, 3),
        "used_cores": round(cpu / wall, 3), "free_cores": round(cores, 3),
        "cores": core_count(), "load_average": round(os.getloadavg()[0], 2),
        **{f"{name}_core_ms": round(1000 * s / frames, 3) for name, s in parts.items()},
    }  # fmt: skip


def core_seconds(
    project: Project,
    clip_id: str,
    clip: Path,
    predictor: LandmarkPredictor,
    detector: DiscDetector,
    frames: int,
) -> dict[str, float]:
    """Core time of every stage alone, all threads counted."""
    with VideoReader(clip, cache_bytes=0) as reader:
        decode = core_time(lambda: [thumbnail(rgb) for _, rgb in reader.frames()])
        kept = [rgb for _, rgb in reader.frames(0, min(frames, 100))]
    share = frames / len(kept)
    detect = core_time(lambda: [detector.detect(rgb) for rgb in kept[::DETECT_EVERY]])
    found = [detector.detect(rgb) for rgb in kept[::DETECT_EVERY]]
    card, faces = predictor.card, []

    def follow() -> None:
        """Crop, net and tracking, with the detections already made."""
        args = (predictor.locate, detector, card.box_rule, card.input_hw, predictor.eye_pair)
        tracker = Tracker(*args)
        for i, rgb in enumerate(kept):
            due = i % DETECT_EVERY == 0
            faces.append(tracker.step(i, rgb, False, found[i // DETECT_EVERY] if due else None))

    followed = core_time(follow)
    points = [face.located.points for frame in faces for face in frame]
    masks = core_time(lambda: [face5_from_landmarks(p, (360, 640)) for p in points])
    done = predict_clip(project, clip_id, [predictor], detector, stop=len(kept))
    run = project.open_run(done.run_id)
    records = [run.frame(i) for i in range(len(kept))]
    run.close()
    header = RunHeader("", clip_id, "predict", "bench", frames, 0, len(kept))

    def store() -> None:
        writer = project.start_run(header)
        for i, faces in enumerate(records):
            writer.append(i, faces)
        writer.seal().close()

    others = {"detect": detect, "follow": followed, "masks": masks, "store": core_time(store)}
    return {"decode": decode, **{name: value * share for name, value in others.items()}}


def free_cores(seconds: float = 2.0) -> float:
    """How many cores' worth of time as many spinning processes get together."""
    spin = (
        f"import time; c = time.process_time(); e = time.time() + {seconds}\n"
        "while time.time() < e: pass\nprint(time.process_time() - c)"
    )
    children = [
        subprocess.Popen([sys.executable, "-c", spin], stdout=subprocess.PIPE, text=True)
        for _ in range(core_count())
    ]
    return sum(float(child.communicate()[0]) for child in children) / seconds


def core_time(work: Callable[[], object]) -> float:
    """Processor seconds of all threads."""
    start = time.process_time()
    work()
    return time.process_time() - start


def memory(folder: Path, long: int, minute_frames: int = 1500) -> dict[str, float]:
    """Peak memory of predicting a long clip over that of a one-minute one."""
    peaks = []
    for factor in (1, long):
        clip = folder / f"memory{factor}.mp4"
        write_clip(clip, minute_frames * factor, (144, 192))
        command = [sys.executable, "-m", "benchmarks.pipeline", "--child", str(clip)]
        out = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
        peaks.append(int(out.strip().splitlines()[-1]))
    return {
        "short_mib": round(peaks[0] / 1024, 1), "long_mib": round(peaks[1] / 1024, 1),
        "memory_ratio": round(peaks[1] / peaks[0], 3), "minutes": long,
    }  # fmt: skip


def child(clip: Path) -> None:
    """Predict one clip; print the peak resident memory in KiB."""
    with tempfile.TemporaryDirectory() as folder:
        with Project.create(Path(folder) / "m.lin") as project:
            clip_id = project.add_clip(clip).clip_id
            predict_clip(project, clip_id, [disc_predictor(load=False)], DiscDetector(None))
    print(peak_kib())


def peak_kib() -> int:
    """This process's largest resident memory so far.

    Not `ru_maxrss` where it can be helped: on Linux a child inherits its parent's.
    """
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
    return int(lines["VmHWM"].split()[0])


def main() -> int:
    """Measure, print the record; 1 if a budget is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--frames", type=int, default=400)
    parser.add_argument("--long", type=int, default=20, help="minutes of the long clip")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        child(args.child)
        return 0
    with tempfile.TemporaryDirectory() as name:
        record = throughput(Path(name), args.frames) | memory(Path(name), args.long)
    print(json.dumps(record))
    met = record["ratio"] >= THROUGHPUT_BUDGET and record["memory_ratio"] <= MEMORY_BUDGET
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())

"""Which backend runs a net fastest on this machine, measured once and remembered.

On a CPU there are three: PyTorch in float32, PyTorch in bfloat16 with channels-last weights, and
ONNX Runtime where the model file holds a graph. Which is fastest depends on the net and the
processor, so it is measured for two seconds. Only backends that say the same as PyTorch in float32
are eligible: landmarks to 1e-3 of the input's longer side (0.1 px at 112), probabilities to 1e-3.
"""

from __future__ import annotations

import json
import logging
import os
import platform
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from core import paths
from core.inference.backends import Backend, Batch, core_count

TOLERANCE = 1e-3
"""Largest difference between backends, in shares of the input's side or of probability."""
_MEASURE_S = 2.0
_SAMPLE_BATCH = 2
"""Faces a run while measuring: about what a clip needs a frame."""
_logger = logging.getLogger("lineament")

Maker = Callable[[], Backend]
Meaning = Callable[[tuple[Batch, ...]], Batch]
"""Raw outputs to the numbers that are compared."""


def fastest(
    makers: Mapping[str, Maker], meaning: Meaning, input_shape: tuple[int, int, int], sha256: str
) -> Backend:
    """The fastest eligible backend; the first of `makers` is what the others must agree with.

    Args:
        makers: Backend name → how to make it.
        meaning: What of the outputs is compared.
        input_shape: (C, H, W) of the net's input.
        sha256: The model file's digest, part of the memory's key.
    """
    if len(makers) == 1:
        return next(iter(makers.values()))()
    key = _key(sha256, tuple(makers))
    remembered = _load().get(key)
    if isinstance(remembered, str) and remembered in makers:
        return makers[remembered]()
    backends = {name: make() for name, make in makers.items()}
    chosen = measure(backends, meaning, input_shape)
    _remember(key, chosen)
    return backends[chosen]


def measure(
    backends: Mapping[str, Backend], meaning: Meaning, input_shape: tuple[int, int, int]
) -> str:
    """The name of the fastest backend that agrees with the first one."""
    batch = _sample(input_shape)
    reference = meaning(next(iter(backends.values())).run(batch))
    times: dict[str, float] = {}
    for name, backend in backends.items():
        difference = float(np.abs(meaning(backend.run(batch)) - reference).max())
        if difference <= TOLERANCE:
            times[name] = _seconds(backend, batch, _MEASURE_S / len(backends))
        _logger.info("backend %s: difference %.2g, %s s", name, difference, times.get(name))
    return min(times, key=lambda name: times[name])


def _seconds(backend: Backend, batch: Batch, budget_s: float) -> float:
    """The median time of a run within the budget, at least three runs."""
    times: list[float] = []
    stop = time.perf_counter() + budget_s
    while len(times) < 3 or time.perf_counter() < stop:
        start = time.perf_counter()
        backend.run(batch)
        times.append(time.perf_counter() - start)
    return float(np.median(times))


def _sample(input_shape: tuple[int, int, int]) -> Batch:
    """Smooth pseudo-random pictures: neither blank nor white noise, the same every time."""
    channels, height, width = input_shape
    y, x = np.mgrid[:height, :width].astype(np.float32)
    waves = [
        np.sin(x * (0.05 + 0.013 * i) + i) * np.cos(y * (0.04 + 0.011 * i) - i)
        for i in range(_SAMPLE_BATCH * channels)
    ]
    return np.stack(waves).reshape(_SAMPLE_BATCH, channels, height, width).astype(np.float32)


def _key(sha256: str, names: tuple[str, ...]) -> str:
    import torch

    versions = f"torch {torch.__version__}"
    machine = f"{platform.node()} {platform.machine()} {platform.processor()}"
    threads = f"{core_count()} cores, {torch.get_num_threads()} threads"
    return " | ".join((sha256, machine, threads, versions, ",".join(names)))


def _file() -> Path:
    return paths.user_cache() / "backends.json"


def _load() -> dict[str, object]:
    try:
        record = json.loads(_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}  # a lost or damaged memory costs two seconds
    return record if isinstance(record, dict) else {}


def _remember(key: str, name: str) -> None:
    """Add to the memory; a place that cannot be written costs two seconds next time."""
    record = _load() | {key: name}
    try:
        _file().parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=_file().parent)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(record, file, indent=1)
        os.replace(temporary, _file())
    except OSError as error:
        _logger.info("backend choice not remembered: %s", error)

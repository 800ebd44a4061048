"""Say what this installation is made of and what works: versions, devices, codecs, Qt, models."""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path
from typing import Any

from core import paths
from core.commands.console import Console, version

_LIBRARIES = (
    "numpy", "scipy", "scikit-learn", "h5py", "av", "opencv-python-headless", "torch",
    "onnxruntime", "lightning-fabric", "safetensors", "numba", "pycocotools", "pillow",
    "PySide6_Essentials", "pyqtgraph",
)  # fmt: skip
_CODECS = ("h264", "hevc", "av1", "mpeg1video", "mpeg2video", "mpeg4", "vp9", "gif", "png")
_CPU_BACKENDS = ("torch-fp32", "torch-bf16", "onnxruntime")
_QT_PROBE = (
    "from PySide6.QtGui import QGuiApplication; from PySide6.QtCore import qVersion;"
    "a = QGuiApplication([]); print(qVersion(), a.platformName())"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`doctor` has no options of its own but this one."""
    parser.add_argument(
        "--time", action="store_true", help="also time every model on every backend (seconds each)"
    )


def run(args: argparse.Namespace, console: Console) -> int:
    """Print the report; 2 when something the program cannot do without is missing."""
    record: dict[str, Any] = {
        "lineament": version(),
        "python": platform.python_version(),
        "system": platform.platform(),
        "processors": os.cpu_count(),
        "libraries": {name: _library_version(name) for name in _LIBRARIES},
        "codecs": _guarded(_codecs),
        "devices": _guarded(_devices),
        "qt": _qt(),
        "resources": str(paths.resources()),
        "models": _guarded(_models),
    }
    if args.time:
        record["backends"] = _guarded(lambda: _backend_times(console))
    problems = _problems(record)
    record["problems"] = problems
    console.result(record, _as_text(record))
    return 2 if problems else 0


def _library_version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _guarded(probe: Any) -> Any:
    """The probe's answer, or why it failed: one broken part must not hide the others."""
    try:
        return probe()
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


def _codecs() -> dict[str, bool]:
    import av

    known = set(av.codecs_available)
    return {name: name in known for name in _CODECS} | {"libx264 (writing)": "libx264" in known}


def _devices() -> list[str]:
    import torch

    found = ["cpu"]
    for i in range(torch.cuda.device_count()):
        found.append(f"cuda:{i} {torch.cuda.get_device_name(i)}")
    if torch.backends.mps.is_available():
        found.append("mps")
    return found


def _qt() -> dict[str, str]:
    """Start Qt in a child: a missing system library ends that process, not this one."""
    environment = dict(os.environ)
    if not (environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY")):
        environment.setdefault("QT_QPA_PLATFORM", "offscreen")
    try:
        child = subprocess.run(
            [sys.executable, "-c", _QT_PROBE],
            capture_output=True, text=True, timeout=60, env=environment,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return {"error": "Qt did not start within 60 s"}
    if child.returncode == 0:
        qt_version, platform_name = child.stdout.split()
        return {"version": qt_version, "platform": platform_name}
    last_line = (child.stderr.strip() or f"exit code {child.returncode}").splitlines()[-1]
    return {"error": last_line}


def _models() -> list[dict[str, Any]]:
    from core.inference.model_source import known_models, open_model

    sources = [(name, open_model(path)) for name, path in known_models().items()]
    return [
        {"name": name, "task": s.card.task, "file": str(s.path), "sha256": s.sha256}
        for name, s in sources
    ]


def _backend_times(console: Console) -> dict[str, dict[str, str]]:
    """Milliseconds a face, crop and all, of every model on every CPU backend."""
    from core.inference.model_source import known_models

    times: dict[str, dict[str, str]] = {}
    for name, path in known_models().items():
        console.say(f"timing {name} …")
        times[name] = {backend: _face_time(path, backend) for backend in _CPU_BACKENDS}
    return times


def _face_time(path: Path, backend: str) -> str:
    import numpy as np

    from core.inference.predictor import load_predictor

    predictor = load_predictor(path, "cpu", backend=backend)
    if predictor.backend_name != backend:
        return "not for this model"
    frame = np.random.default_rng(0).integers(0, 256, (256, 256, 3), dtype=np.uint8)
    box = np.array([40.0, 40.0, 215.0, 215.0])
    times_s = []
    for _ in range(12):
        start_s = time.perf_counter()
        predictor.predict(frame, box)
        times_s.append(time.perf_counter() - start_s)
    return f"{1e3 * float(np.median(times_s[2:])):.2f} ms"


def _problems(record: dict[str, Any]) -> list[str]:
    problems = [
        f"{name} is not installed" for name, found in record["libraries"].items() if found is None
    ]
    for part in ("codecs", "devices", "qt", "models", "backends"):
        answer = record.get(part)
        if isinstance(answer, dict) and "error" in answer:
            problems.append(f"{part}: {answer['error']}")
    if not paths.resources().is_dir():
        problems.append(f"{paths.resources()}: the bundled resources are missing; reinstall")
    return problems


def _as_text(record: dict[str, Any]) -> str:
    lines = [
        f"Lineament {record['lineament']}, Python {record['python']}, {record['system']}, "
        f"{record['processors']} processors"
    ]
    lines += [f"  {name:24} {found or 'MISSING'}" for name, found in record["libraries"].items()]
    for part in ("codecs", "devices", "qt", "models", "backends"):
        if part in record:
            lines.append(f"{part}: {_one_line(record[part])}")
    lines.append(f"resources: {record['resources']}")
    lines += [f"PROBLEM {problem}" for problem in record["problems"]] or ["No problem found."]
    return "\n".join(lines)


def _one_line(answer: Any) -> str:
    if isinstance(answer, dict):
        return ", ".join(f"{key} {_one_line(value)}" for key, value in answer.items())
    if isinstance(answer, list):
        return "; ".join(_one_line(value) for value in answer) or "none"
    if isinstance(answer, bool):
        return "yes" if answer else "no"
    return f"{answer:.3g}" if isinstance(answer, float) else str(answer)

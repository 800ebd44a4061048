"""Say what this installation is made of and what works: versions, devices, codecs, Qt, models."""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
from importlib import metadata
from typing import Any

from core import paths
from core.commands.console import Console, version

_LIBRARIES = (
    "numpy", "scipy", "scikit-learn", "h5py", "av", "opencv-python-headless", "torch",
    "onnxruntime", "lightning-fabric", "safetensors", "numba", "pycocotools", "pillow",
    "PySide6_Essentials", "pyqtgraph",
)  # fmt: skip
_CODECS = ("h264", "hevc", "av1", "mpeg1video", "mpeg2video", "mpeg4", "vp9", "gif", "png")
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
    from core.inference.catalogue import list_models

    return [
        {"name": m.name, "file": str(m.path), "sha256": m.sha256, "task": m.card.task}
        for m in list_models()
    ]


def _backend_times(console: Console) -> dict[str, Any]:
    from core.inference.catalogue import list_models
    from core.inference.predictor import load_predictor

    return {
        m.name: load_predictor(m.name, report=console.report).backend_times_ms
        for m in list_models()
    }


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

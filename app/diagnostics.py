"""What a bug report needs: versions, machine, what is open, recent messages; no pictures."""

from __future__ import annotations

import os
import platform
import sys
from importlib import metadata

from PySide6.QtCore import qVersion
from PySide6.QtGui import QGuiApplication

from app.session import Session
from core.commands.console import version

_PACKAGES = ("PySide6_Essentials", "numpy", "av", "opencv-python-headless", "h5py", "torch")


def diagnostics(session: Session) -> str:
    """The report as text."""
    lines = [
        f"Lineament {version()}",
        f"Python {sys.version.split()[0]} on {platform.platform()}",
        f"Qt {qVersion()}, platform {QGuiApplication.platformName()}, {_screens()}",
        f"{os.cpu_count()} cores",
        *(f"{name} {_version_of(name)}" for name in _PACKAGES),
        _opened(session),
        *(f"[{m.level}] {m.text}" for m in session.hub.history[-20:]),
        *(m.details for m in session.hub.history[-3:] if m.details),
    ]
    return "\n".join(lines)


def _version_of(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def _screens() -> str:
    return ", ".join(
        f"{screen.size().width()}×{screen.size().height()} at {screen.devicePixelRatio():g}"
        for screen in QGuiApplication.screens()
    )


def _opened(session: Session) -> str:
    if session.clip is None:
        return "no clip open"
    kind = "project" if session.document and session.document.path else "loose clip"
    return f"{kind}: {session.clip.description}, {session.clip.frames} frames"

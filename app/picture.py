"""A picture of the window, made without a screen: for the demo, the guide and the tests.

`python -m app.picture PROJECT_OR_CLIP OUT.png [--size 1280x800] [--theme dark] [--frame N]`
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from core import paths
from core.errors import CoreError, ResourceError

TIMEOUT_S = 120
_SETTLE_MS = 150


def save_window_picture(
    project_or_clip: Path | str,
    out_png: Path | str,
    size: tuple[int, int] = (1280, 800),
    theme: str = "dark",
    frame: int | None = None,
) -> Path:
    """Save a picture of the window showing a project or clip.

    A child process does it, with settings of its own: it works with and without a display, and
    whatever Qt does in the caller's process.

    Args:
        project_or_clip: What to open.
        out_png: File to write.
        size: Width and height of the window, pixels.
        theme: "light" or "dark".
        frame: Frame to show; the first one when None.

    Returns:
        The file.

    Raises:
        ResourceError: If the window could not be shown, with the child's last words.
    """
    command = [sys.executable, "-m", "app.picture", str(project_or_clip), str(out_png)]
    command += ["--size", f"{size[0]}x{size[1]}", "--theme", theme]
    command += [] if frame is None else ["--frame", str(frame)]
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    folder = str(paths.main_script().parent)
    environment["PYTHONPATH"] = os.pathsep.join(
        part for part in (folder, os.environ.get("PYTHONPATH")) if part
    )
    child = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )
    if child.returncode != 0:
        last = (child.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise ResourceError(f"The picture of the window could not be made: {last}")
    return Path(out_png)


def _relay(kind: object, context: object, text: str) -> None:
    """Pass on what Qt says, but for the offscreen platform's remark at every window it shows."""
    if "propagateSizeHints" not in text:
        print(text, file=sys.stderr)


def render_window(
    what: str, out_png: str, size: tuple[int, int], theme: str, frame: int | None
) -> str:
    """Show the window in this process, save its picture, close it.

    Returns:
        What went wrong, as a sentence; empty if nothing did.
    """
    from PySide6.QtCore import QSettings, qInstallMessageHandler
    from PySide6.QtWidgets import QApplication

    from app.application import build_window
    from app.messages import MessageHub
    from app.settings import Settings

    qInstallMessageHandler(_relay)
    app = QApplication.instance() or QApplication(["lineament"])
    assert isinstance(app, QApplication)
    with tempfile.TemporaryDirectory() as folder:
        store = QSettings(str(Path(folder) / "window.ini"), QSettings.Format.IniFormat)
        settings = Settings(store)
        settings.set_value("theme", theme)
        window = build_window(app, settings, MessageHub())
        session = window.session
        window.resize(*size)
        window.show()
        if not window.files.open_texts([what]):
            problem = session.hub.history[-1].text
        else:
            wait_until(lambda: session.shown_frame_idx >= 0 or bool(window.banner.text))
            session.set_frame(frame or 0)
            wait_until(
                lambda: session.shown_frame_idx == session.frame_idx or bool(window.banner.text)
            )
            wait_until(lambda: not window.column_loader.is_reading)
            wait(_SETTLE_MS)
            saved = window.grab().save(out_png)
            problem = "" if saved else f"{out_png} cannot be written."
        window.close()
    return problem


def wait(time_ms: int) -> None:
    """Let the event loop run for a while."""
    from PySide6.QtCore import QEventLoop, QTimer

    loop = QEventLoop()
    QTimer.singleShot(time_ms, loop.quit)
    loop.exec()


def wait_until(condition: Callable[[], bool], timeout_ms: int = 30_000) -> bool:
    """Let the event loop run until a condition holds.

    Returns:
        Whether it came to hold in time.
    """
    waited = 0
    while not condition() and waited < timeout_ms:
        wait(20)
        waited += 20
    return condition()


def main(argv: Sequence[str] | None = None) -> int:
    """The child's entry point."""
    parser = argparse.ArgumentParser(description="Save a picture of the window.")
    parser.add_argument("what", help="project or clip")
    parser.add_argument("out_png")
    parser.add_argument("--size", default="1280x800")
    parser.add_argument("--theme", default="dark", choices=["light", "dark"])
    parser.add_argument("--frame", type=int)
    args = parser.parse_args(argv)
    width, height = (int(part) for part in args.size.split("x"))
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")  # Qt is not imported yet
    try:
        problem = render_window(args.what, args.out_png, (width, height), args.theme, args.frame)
    except CoreError as error:
        problem = str(error)
    if problem:
        print(problem, file=sys.stderr)
    return 2 if problem else 0


if __name__ == "__main__":
    sys.exit(main())

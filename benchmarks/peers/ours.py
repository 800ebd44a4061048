"""Lineament's own window showing the clip with its overlays, as the peers do."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from app.main_window import MainWindow
from benchmarks._window import Painted, most_frames_s, open_window, wait_until
from benchmarks.peers import _frames
from core.commands.console import version

CANVAS = (1280, 720)


def play(folder: Path) -> tuple[float, str]:
    """Frames shown a second while playing as fast as they come; and the canvas's size."""
    with open_window(folder / "clip.lin") as window:
        size = _fit_canvas(window)
        return most_frames_s(window), size


def step_and_seek(folder: Path) -> tuple[list[float], list[float]]:
    """Milliseconds of steps through the clip, and of going to frames here and there."""
    with open_window(folder / "clip.lin") as window:
        _fit_canvas(window)
        # Without a window manager no window has the keyboard: the action instead of its key.
        painted, session = Painted(window), window.session
        step = window.actions_by_id["next_frame"]
        steps = [
            painted.after(step.trigger, index).wall_ms for index in range(1, session.num_frames)
        ]
    with open_window(folder / "clip.lin") as window:  # nothing of the steps is remembered
        _fit_canvas(window)
        painted, session = Painted(window), window.session
        places = np.random.default_rng(0).permutation(session.num_frames)[: _frames.SEEKS]
        seeks = [
            painted.after(lambda index=index: session.set_frame(index), index).wall_ms
            for index in places.tolist()
            if index != session.frame_idx
        ]
    return steps, seeks


def _fit_canvas(window: MainWindow) -> str:
    """Give the canvas the peers' size."""
    view = window.canvas.viewport()
    window.resize(
        window.width() + CANVAS[0] - view.width(), window.height() + CANVAS[1] - view.height()
    )
    assert wait_until(lambda: view.height() == CANVAS[1], 3000) or view.height() > 0
    return f"{view.width()}x{view.height()}"


def main() -> None:
    """Measure and print the figures."""
    folder = _frames.folder_from_arguments()
    fps, size = play(folder)
    steps, seeks = step_and_seek(folder)
    _frames.tell({"version": version(), "canvas": size, **_frames.summary(fps, steps, seeks)})


if __name__ == "__main__":
    main()

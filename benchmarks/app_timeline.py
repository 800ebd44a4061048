"""Drawing the timeline of 200,000 frames and two people: `python -m benchmarks.app_timeline`.

Every row there is: two people, source, two of a scheduler, review, confidence, jitter, edits, and
the distance from another run. Budget (issue: timeline): all rows made anew and painted in ≤ 8 ms at
1600 px; while only the cursor moves, a copy. Peer in the same run: one pass of numpy over the
columns. Prints one JSON record.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication

from app.document import ClipColumns, LooseClips
from app.messages import MessageHub
from app.session import Session
from app.settings import Settings
from app.timeline.scale import Scale
from app.timeline.timeline_view import TimelineView
from app.viewing import OpenedClip

FRAMES, WIDTH, BUDGET_MS = 200_000, 1600, 8.0


def columns() -> ClipColumns:
    """Columns that change from frame to frame."""
    rng = np.random.default_rng(0)
    return ClipColumns(
        track_ids=(0, 1),
        processed=np.ones(FRAMES, bool),
        source=rng.choice([0, 1, 1, 1, 255], (2, FRAMES)).astype(np.uint8),
        confidence=rng.random((2, FRAMES), np.float32),
        jitter=rng.random(FRAMES, np.float32),
        review=rng.choice([0, 1, 1, 2, 3], FRAMES).astype(np.uint8),
        edited=rng.random(FRAMES) < 0.001,
        values={
            "decision": (rng.random(FRAMES) < 0.1).astype(np.float32),
            "policy": rng.random(FRAMES, np.float32),
        },
    )


def median_ms(act: Callable[[], object], count: int = 31) -> float:
    """The middle of `count` timings, in milliseconds."""
    times = []
    for _ in range(count):
        start_s = time.perf_counter()
        act()
        times.append(time.perf_counter() - start_s)
    return round(1000 * float(np.median(times)), 2)


def main() -> int:
    """Measure and print the record; 1 where the budget is missed."""
    app = QApplication.instance() or QApplication(["bench"])
    with tempfile.TemporaryDirectory() as folder:
        store = QSettings(str(Path(folder) / "w.ini"), QSettings.Format.IniFormat)
        session = Session(Settings(store), MessageHub())
        view = TimelineView(session)
        view.resize(WIDTH, 200)
        view.show()
        session.open_document(LooseClips([Path(folder) / "clip.mp4"]))
        session.clip_opened(OpenedClip(FRAMES, 30.0, 640, 480, ""))
        shown = columns()
        session.set_columns(session.entry.clip_id, shown)
        # As while another run is compared with: the distances are a row too.
        session.comparison.distance = shown.jitter
        session.comparison.lonely = shown.edited
        session.comparison.measured.emit()
        app.processEvents()

        def anew(scale: Scale) -> None:
            view.scale = scale.zoomed(1.0001, 10.0)
            view._pictures.clear()
            view.repaint()

        whole = Scale.whole(FRAMES, WIDTH - 92.0)
        record = {
            "frames": FRAMES,
            "whole_clip_ms": median_ms(lambda: anew(whole)),
            "zoomed_100x_ms": median_ms(lambda: anew(whole.zoomed(100, 700.0))),
            "cursor_only_ms": median_ms(view.repaint),
            "one_numpy_pass_ms": median_ms(
                lambda: (shown.source.sum(), shown.confidence.min(), shown.jitter.max())
            ),
            "load_1min": round(os.getloadavg()[0], 1),
        }
        session.close_document()
    print(json.dumps(record))
    return 0 if record["whole_clip_ms"] <= BUDGET_MS else 1


if __name__ == "__main__":
    sys.exit(main())

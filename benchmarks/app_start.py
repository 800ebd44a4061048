"""From process start to a painted window, cold: `python -m benchmarks.app_start`.

Budget (docs/BENCHMARKS.md): ≤ 1.5 s without importing torch. Each timing is a process of its own;
peer in the same run: Python with PySide6, numpy and OpenCV imported, nothing done. One JSON record.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
BUDGET_S = 1.5
PAINTED = """
import sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from app.application import open_window, open_windows
app = QApplication(["lineament"])
open_window([], app)
open_windows()[0].grab()
assert "torch" not in sys.modules
"""
IMPORTS = "import PySide6.QtWidgets, PySide6.QtSvg, numpy, cv2"


def timings(code: str, count: int = 5) -> list[float]:
    """Seconds of `count` processes that run the code."""
    times = []
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "XDG_CONFIG_HOME": folder}
        for _ in range(count):
            start_s = time.perf_counter()
            subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, check=True)
            times.append(time.perf_counter() - start_s)
    return times


def main() -> int:
    """Measure and print the record; 1 where the budget is missed."""
    window, imports = timings(PAINTED), timings(IMPORTS)
    record = {
        "painted_window_s": round(float(np.median(window)), 2),
        "fastest_s": round(min(window), 2),
        "imports_alone_s": round(float(np.median(imports)), 2),
        "load_1min": round(os.getloadavg()[0], 1),
    }
    print(json.dumps(record))
    return 0 if record["painted_window_s"] <= BUDGET_S else 1


if __name__ == "__main__":
    sys.exit(main())

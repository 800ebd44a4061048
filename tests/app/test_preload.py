"""What is dear is loaded beside the first frame, and a closing window does not wait for it long."""

import subprocess
import sys

from app.preload import MODULES
from core.paths import main_script

_PROGRAM = """
import sys
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication
from app.application import build_window
from app.messages import MessageHub
from app.picture import wait, wait_until
from app.preload import MODULES
from app.settings import Settings

app = QApplication([])
store = QSettings(sys.argv[2], QSettings.Format.IniFormat)
window = build_window(app, Settings(store), MessageHub())
window.show()
window.files.open_texts([sys.argv[1]])
assert wait_until(lambda: window.session.shown_frame_idx >= 0, 60_000)
before = [name for name in (*MODULES, "numba") if name in sys.modules]
assert wait_until(lambda: not window.preload.is_loading, 120_000)
missing = [name for name in MODULES if name not in sys.modules]
window.close()
print(before, missing, "torch" in sys.modules)
"""


def test_the_first_frame_waits_for_none_of_it_and_all_of_it_comes(clip_path, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, str(clip_path), str(tmp_path / "w.ini")],
        cwd=main_script().parent, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.stdout.strip() == "[] [] False", done.stderr


def test_a_window_closed_at_once_has_loaded_nothing(open_main, clip_path, monkeypatch):
    window = open_main(clip_path)
    window.close()
    assert not window.preload.is_loading
    assert len(set(MODULES)) == len(MODULES)

"""Makes one picture: a window of its own on a fresh copy of a project, grabbed and stored small."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image
from PySide6.QtCore import QSettings, qInstallMessageHandler
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QDialog, QWidget

from app import convert
from app.application import build_window
from app.messages import MessageHub
from app.picture import wait, wait_until
from app.settings import Settings
from docs.guide_pictures.pages import PICTURES, Picture
from docs.guide_pictures.stage import Stage

LARGEST_BYTES = 200_000
COLOURS = 256
_SEEN = 12
"""Difference of a colour that is noticed, of 255."""


def make(name: str, projects: Path, out: Path) -> Path:
    """Make one picture.

    Args:
        name: Of the picture.
        projects: Folder with `demo` and `pair`, each a clip and a project.
        out: Folder to write to.

    Returns:
        The file.
    """
    wanted = PICTURES[name]
    with _copy_of(projects / wanted.project if wanted.project else None) as folder:
        with _window(wanted, folder) as stage:
            what = wanted.make(stage) or stage.window
            image = _settled(what)
            for widget in QApplication.topLevelWidgets():
                if isinstance(widget, QDialog):
                    widget.close()
    return _save(image, out / f"{name}.png")


def _settled(what: QWidget) -> QImage:
    """The widget's picture once nothing moves in it any more.

    Raises:
        TimeoutError: If it goes on changing for seconds.
    """
    before = what.grab().toImage()
    for _ in range(50):
        wait(100)
        image = what.grab().toImage()
        if image == before:
            return image
        before = image
    raise TimeoutError(f"{what.objectName()} does not come to rest")


@contextmanager
def _copy_of(source: Path | None) -> Iterator[Path]:
    """The project's folder, copied to a place whose name is always the same: dialogs show it."""
    folder = Path(tempfile.gettempdir()) / "lineament-guide"
    shutil.rmtree(folder, ignore_errors=True)
    if source is None:
        folder.mkdir()
    else:
        shutil.copytree(source, folder)
    yield folder
    shutil.rmtree(folder)


@contextmanager
def _window(wanted: Picture, folder: Path) -> Iterator[Stage]:
    app = QApplication.instance() or QApplication(["lineament"])
    assert isinstance(app, QApplication)
    app.setCursorFlashTime(0)
    before = qInstallMessageHandler(_relay)
    with tempfile.TemporaryDirectory() as place:
        settings = Settings(QSettings(str(Path(place) / "w.ini"), QSettings.Format.IniFormat))
        settings.set_value("theme", wanted.theme)
        window = build_window(app, settings, MessageHub())
        window.setAnimated(False)
        window.resize(*wanted.size)
        window.show()
        stage = Stage(window, folder)
        if wanted.project:
            opened = window.files.open_texts([str(next(folder.glob("*.lin")))])
            assert opened, window.session.hub.history[-1].text
            assert wait_until(lambda: window.session.shown_frame_idx >= 0), "no first frame"
        stage.settle()
        yield stage
        window.close()
    qInstallMessageHandler(before)


def _relay(kind: object, context: object, text: str) -> None:
    if "propagateSizeHints" not in text:
        print(text, file=sys.stderr)


def _save(image: QImage, path: Path) -> Path:
    """Store with a palette of its own.

    Raises:
        ValueError: If it is too large all the same.
    """
    rgb = convert.rgb_from_image(image.convertToFormat(QImage.Format.Format_RGB32))
    reduced = with_palette(Image.fromarray(rgb))
    path.parent.mkdir(parents=True, exist_ok=True)
    reduced.save(path, optimize=True)
    size = path.stat().st_size
    if size > LARGEST_BYTES:
        raise ValueError(f"{path.name} takes {size:,} bytes; {LARGEST_BYTES:,} are allowed")
    return path


def with_palette(image: Image.Image) -> Image.Image:
    """The picture in COLOURS colours: most for what there is much of, the rest for what that lacks.

    Median cut alone forgets the few pixels of a glyph or the cursor, whose colour says something.
    """
    common = image.quantize(COLOURS * 3 // 4, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    rgb = np.asarray(image).astype(int)
    error = np.abs(rgb - np.asarray(common.convert("RGB"))).max(axis=2)
    ill_served = rgb[error > _SEEN]
    colours = common.getpalette() or []
    if len(ill_served):
        rest = Image.fromarray(ill_served[None].astype(np.uint8))
        found = rest.quantize(COLOURS // 4, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
        colours = [*colours, *(found.getpalette() or [])]
    palette = Image.new("P", (1, 1))
    palette.putpalette(colours[: 3 * COLOURS])
    return image.quantize(palette=palette, dither=Image.Dither.NONE)

"""Overlays sit on the pixels they belong to: the half-pixel rule at every zoom and scale."""

import os
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from PySide6.QtCore import Qt

from app import convert
from app.canvas.video_view import VideoView
from app.document import LooseClips
from app.viewing import OpenedClip
from core.paths import main_script

WIDTH, HEIGHT = 80, 60
POINT_XY = (37, 22)
MAP_BOX = (24, 12, 34, 20)  # half-open pixels


class OneFace(LooseClips):
    """A loose clip with one face on every frame."""

    def shown(self, clip_id, frame_idx):
        labels = np.full((MAP_BOX[3] - MAP_BOX[1], MAP_BOX[2] - MAP_BOX[0]), 1, np.uint8)
        return [
            SimpleNamespace(
                track_id=0, box_xyxy=np.array([20, 10, 60, 50], np.float32), score=0.9, source=0,
                landmarks=np.array([POINT_XY], np.float32), landmark_scores=None, visible=None,
                label_maps={"face5": SimpleNamespace(labels=labels, x0=24, y0=12)},
            )
        ]  # fmt: skip


@pytest.fixture
def view(qtbot, session, tmp_path):
    """A canvas of 400×300 showing a black frame of 80×60 with one face, not zoomed."""
    view = VideoView(session)
    qtbot.addWidget(view)
    view.resize(400, 300)
    view.show()
    session.open_document(OneFace([tmp_path / "a.mp4"]))
    session.clip_opened(OpenedClip(1, 25.0, WIDTH, HEIGHT, ""))
    view.show_frame(0, convert.image_from_rgb(np.zeros((HEIGHT, WIDTH, 3), np.uint8)))
    view.hud.hide()
    return view


def only(session, layer, **changes):
    for name in session.layers:
        session.set_layer(name, visible=name == layer)
    session.set_layer(layer, opacity=1.0, **changes)


def set_zoom(view, zoom):
    view.resetTransform()
    view.scale(zoom, zoom)
    view.centerOn(*(v + 0.5 for v in POINT_XY))


def on_screen(view, x, y):
    """A scene place in the screen's own pixels, of which 150 % has more than Qt counts."""
    ratio = view.devicePixelRatioF()
    at = view.viewportTransform().map(float(x), float(y))
    return at[0] * ratio, at[1] * ratio


def lit(view):
    """Where the canvas is not black or background, (y, x) arrays of the screen's pixels."""
    image = view.viewport().grab().toImage()
    rgb = convert.rgb_from_image(image).astype(int)
    frame = on_screen(view, 0, 0), on_screen(view, WIDTH, HEIGHT)
    (x0, y0), (x1, y1) = ((max(round(x), 0), max(round(y), 0)) for x, y in frame)
    inside = np.zeros(rgb.shape[:2], bool)
    inside[y0 + 1 : y1 - 1, x0 + 1 : x1 - 1] = True
    return np.nonzero((rgb.sum(axis=2) > 60) & inside)


@pytest.mark.parametrize("zoom", [1.0, 2.0, 8.0])
def test_a_landmark_is_drawn_on_the_centre_of_its_pixel(view, session, zoom):
    only(session, "points")
    set_zoom(view, zoom)
    y, x = lit(view)
    centre = on_screen(view, POINT_XY[0] + 0.5, POINT_XY[1] + 0.5)
    assert abs((x.min() + x.max() + 1) / 2 - centre[0]) <= 0.6
    assert abs((y.min() + y.max() + 1) / 2 - centre[1]) <= 0.6


@pytest.mark.parametrize("zoom", [1.0, 8.0])
def test_a_label_map_covers_exactly_its_pixels(view, session, zoom):
    only(session, "label_maps")
    set_zoom(view, zoom)
    y, x = lit(view)
    left, top = on_screen(view, MAP_BOX[0], MAP_BOX[1])
    right, bottom = on_screen(view, MAP_BOX[2], MAP_BOX[3])
    edges = [x.min(), y.min(), x.max() + 1, y.max() + 1]
    # A border in the middle of a screen's pixel, at 150 %, may go either way.
    assert edges == pytest.approx([left, top, right, bottom], abs=0.5)


def test_an_outline_runs_through_the_centres_of_the_border_pixels(view, session):
    only(session, "label_maps", outline_only=True)
    set_zoom(view, 8.0)
    y, x = lit(view)
    left, top = on_screen(view, MAP_BOX[0] + 0.5, MAP_BOX[1] + 0.5)
    right, bottom = on_screen(view, MAP_BOX[2] - 0.5, MAP_BOX[3] - 0.5)
    assert abs(x.min() - left) <= 1.5
    assert abs(x.max() + 1 - right) <= 1.5
    assert abs(y.min() - top) <= 1.5
    assert abs(y.max() + 1 - bottom) <= 1.5
    centre = on_screen(view, 29.0, 16.0)
    image = view.viewport().grab().toImage()
    assert image.pixelColor(round(centre[0]), round(centre[1])) == Qt.GlobalColor.black


def test_a_frame_pixel_is_drawn_where_it_belongs(view, session):
    rgb = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    rgb[22, 37] = 255
    session.set_overlays_hidden(True)
    view.show_frame(0, convert.image_from_rgb(rgb))
    view.hud.hide()
    set_zoom(view, 8.0)
    y, x = lit(view)
    left, top = on_screen(view, 37.0, 22.0)
    side = 8 * view.devicePixelRatioF()
    assert (x.min(), x.max() + 1) == (round(left), round(left + side))
    assert (y.min(), y.max() + 1) == (round(top), round(top + side))


def test_hidden_layers_draw_nothing(view, session):
    session.set_overlays_hidden(True)
    set_zoom(view, 8.0)
    view.hud.hide()
    assert len(lit(view)[0]) == 0


@pytest.mark.skipif("QT_SCALE_FACTOR" in os.environ, reason="this is the child")
@pytest.mark.parametrize("factor", ["1.5", "2"])
def test_all_of_it_holds_on_a_scaled_screen(factor):
    """Qt takes the scale at its start, so a child runs this file."""
    child = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__],
        env={**os.environ, "QT_SCALE_FACTOR": factor, "QT_QPA_PLATFORM": "offscreen"},
        cwd=main_script().parent, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert child.returncode == 0, child.stdout[-3000:]
    assert " passed" in child.stdout

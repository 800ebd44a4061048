"""Overlays sit on the pixels they belong to: the half-pixel rule at every zoom."""

from types import SimpleNamespace

import numpy as np
import pytest
from PySide6.QtCore import Qt

from app import convert
from app.canvas.video_view import VideoView
from app.document import LooseClips
from app.viewing import OpenedClip

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


def lit(view):
    """Where the canvas is not black or background, (y, x) arrays of the viewport's pixels."""
    image = view.viewport().grab().toImage()
    rgb = convert.rgb_from_image(image).astype(int)
    frame = view.mapFromScene(0, 0), view.mapFromScene(WIDTH, HEIGHT)
    (x0, y0), (x1, y1) = ((max(p.x(), 0), max(p.y(), 0)) for p in frame)
    inside = np.zeros(rgb.shape[:2], bool)
    inside[y0 + 1 : y1 - 1, x0 + 1 : x1 - 1] = True
    return np.nonzero((rgb.sum(axis=2) > 60) & inside)


@pytest.mark.parametrize("zoom", [1.0, 2.0, 8.0])
def test_a_landmark_is_drawn_on_the_centre_of_its_pixel(view, session, zoom):
    only(session, "points")
    set_zoom(view, zoom)
    y, x = lit(view)
    centre = view.viewportTransform().map(POINT_XY[0] + 0.5, POINT_XY[1] + 0.5)
    assert abs((x.min() + x.max() + 1) / 2 - centre[0]) <= 0.6
    assert abs((y.min() + y.max() + 1) / 2 - centre[1]) <= 0.6


@pytest.mark.parametrize("zoom", [1.0, 8.0])
def test_a_label_map_covers_exactly_its_pixels(view, session, zoom):
    only(session, "label_maps")
    set_zoom(view, zoom)
    y, x = lit(view)
    left, top = view.viewportTransform().map(float(MAP_BOX[0]), float(MAP_BOX[1]))
    right, bottom = view.viewportTransform().map(float(MAP_BOX[2]), float(MAP_BOX[3]))
    assert (x.min(), y.min()) == (round(left), round(top))
    assert (x.max() + 1, y.max() + 1) == (round(right), round(bottom))


def test_an_outline_runs_through_the_centres_of_the_border_pixels(view, session):
    only(session, "label_maps", outline_only=True)
    set_zoom(view, 8.0)
    y, x = lit(view)
    left, top = view.viewportTransform().map(MAP_BOX[0] + 0.5, MAP_BOX[1] + 0.5)
    right, bottom = view.viewportTransform().map(MAP_BOX[2] - 0.5, MAP_BOX[3] - 0.5)
    assert abs(x.min() - left) <= 1.5
    assert abs(x.max() + 1 - right) <= 1.5
    assert abs(y.min() - top) <= 1.5
    assert abs(y.max() + 1 - bottom) <= 1.5
    centre = view.viewportTransform().map(29.0, 16.0)
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
    left, top = view.viewportTransform().map(37.0, 22.0)
    assert (x.min(), x.max() + 1) == (round(left), round(left) + 8)
    assert (y.min(), y.max() + 1) == (round(top), round(top) + 8)


def test_hidden_layers_draw_nothing(view, session):
    session.set_overlays_hidden(True)
    set_zoom(view, 8.0)
    view.hud.hide()
    assert len(lit(view)[0]) == 0

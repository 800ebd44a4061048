"""The face magnifier: level eyes, frame and overlay on each other to the half pixel, follows."""

from types import SimpleNamespace

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest

from app import convert
from app.canvas.magnifier import Magnifier
from app.canvas.video_view import VideoView
from app.document import LooseClips
from app.viewing import OpenedClip

WIDTH, HEIGHT = 200, 160
FACES = {0: (60.0, 70.0, 0.5), 1: (140.0, 90.0, -0.9)}
"""Middle and tilt, rad, by track."""


def points_of(track):
    """Five points of a tilted face, rounded to whole pixels: eyes, nose, mouth corners."""
    x, y, angle = FACES[track]
    level = np.array([[-16, -10], [16, -10], [0, 2], [-10, 18], [10, 18]], np.float64)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return np.round(level @ turn + (x, y))


class TwoFaces(LooseClips):
    """A loose clip with two tilted faces on its first frame, and none on the second."""

    def shown(self, clip_id, frame_idx, masks=True):
        if frame_idx:
            return []
        return [
            SimpleNamespace(
                track_id=track, box_xyxy=np.concatenate([xy.min(axis=0), xy.max(axis=0)]),
                score=0.9, source=0, landmarks=xy.astype(np.float32), landmark_scores=None,
                visible=None, label_maps={}, landmark_scheme="points5",
            )
            for track, xy in ((track, points_of(track)) for track in FACES)
        ]  # fmt: skip


@pytest.fixture
def view(qtbot, session, tmp_path):
    """A canvas showing a black frame whose only white pixels are the noses."""
    view = VideoView(session)
    qtbot.addWidget(view)
    view.resize(500, 500)
    view.show()
    session.open_document(TwoFaces([tmp_path / "a.mp4"]))
    session.clip_opened(OpenedClip(2, 25.0, WIDTH, HEIGHT, ""))
    rgb = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    for track in FACES:
        x, y = points_of(track)[2].astype(int)
        rgb[y, x] = 255
    view.show_frame(0, convert.image_from_rgb(rgb))
    return view


@pytest.fixture
def magnifier(view, session):
    magnifier = Magnifier(session, view)
    magnifier.set_shown(True)
    return magnifier


def seen(magnifier):
    return convert.rgb_from_image(magnifier.grab().toImage()).astype(float).mean(axis=2)


def brightness_centre(picture, at, reach=14):
    """Centre of what is bright around a place, in coordinates of pixel corners."""
    x0, y0 = round(at.x()) - reach, round(at.y()) - reach
    patch = np.maximum(picture[y0 : y0 + 2 * reach, x0 : x0 + 2 * reach] - 40, 0)
    y, x = np.mgrid[y0 : y0 + 2 * reach, x0 : x0 + 2 * reach] + 0.5
    return (patch * x).sum() / patch.sum(), (patch * y).sum() / patch.sum()


@pytest.mark.parametrize("track", FACES)
@pytest.mark.parametrize("steps", [-6, 0, 6])
@pytest.mark.parametrize("layer", ["frame", "points"])
def test_pixels_and_landmarks_are_where_the_transform_says(magnifier, session, track, steps, layer):
    """Measured apart, frame and glyph lie on the same place: so they lie on each other."""
    session.select_face(track)
    magnifier._room *= 1.15**-steps
    for name in session.layers:
        session.set_layer(name, visible=name == layer)
    if layer == "points":
        magnifier._view.show_frame(
            0, convert.image_from_rgb(np.zeros((HEIGHT, WIDTH, 3), np.uint8))
        )
    nose = points_of(track)[2] + 0.5
    at = magnifier.to_magnifier().map(QPointF(*nose))
    x, y = brightness_centre(seen(magnifier), at)
    assert abs(x - at.x()) <= 0.6
    assert abs(y - at.y()) <= 0.6


@pytest.mark.parametrize("track", FACES)
def test_the_eyes_are_level_and_the_face_upright(magnifier, session, track):
    session.select_face(track)
    transform = magnifier.to_magnifier()
    left, right, _, *mouth = (transform.map(QPointF(*xy)) for xy in points_of(track) + 0.5)
    assert left.y() == pytest.approx(right.y(), abs=1e-6)
    assert left.x() < right.x()
    assert all(corner.y() > left.y() for corner in mouth)
    assert all(magnifier.rect().contains(p.toPoint()) for p in (left, right, *mouth))


def test_without_a_selected_face_it_is_the_first_and_without_any_it_says_so(
    magnifier, view, session
):
    assert magnifier.to_magnifier() is not None
    session.set_frame(1)
    view.show_frame(1, convert.image_from_rgb(np.zeros((HEIGHT, WIDTH, 3), np.uint8)))
    assert magnifier.to_magnifier() is None
    assert (seen(magnifier) > 100).any()


def test_hidden_overlays_leave_the_frame(magnifier, session):
    session.set_overlays_hidden(True)
    nose = magnifier.to_magnifier().map(QPointF(*(points_of(0)[2] + 0.5)))
    assert seen(magnifier)[round(nose.y()), round(nose.x())] > 100


def test_z_shows_it_in_the_window_and_it_is_remembered(qtbot, open_main, project_path):
    window = open_main(project_path)
    assert not window.magnifier.isVisible()
    QTest.keyClick(window.canvas, Qt.Key.Key_Z)
    assert window.magnifier.isVisible()
    corner = window.magnifier.geometry().bottomRight()
    area = window.canvas.viewport().rect()
    assert 0 < area.right() - corner.x() < 20
    assert 0 < area.bottom() - corner.y() < 20
    window.close()
    again = open_main(project_path)
    assert again.magnifier.isVisible()
    assert again.actions_by_id["magnifier"].isChecked()
    again.actions_by_id["magnifier"].trigger()
    assert not again.magnifier.isVisible()


def test_the_wheel_comes_closer_without_moving_the_canvas(qtbot, open_main, project_path):
    from PySide6.QtCore import QPoint
    from PySide6.QtGui import QWheelEvent
    from PySide6.QtWidgets import QApplication

    window = open_main(project_path)
    window.actions_by_id["magnifier"].trigger()
    zoom, before = window.canvas.zoom, window.magnifier.to_magnifier().m11()
    event = QWheelEvent(
        QPointF(20, 20), window.magnifier.mapToGlobal(QPointF(20, 20)), QPoint(), QPoint(0, 120),
        Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase,
        False,
    )  # fmt: skip
    QApplication.sendEvent(window.magnifier, event)
    assert window.magnifier.to_magnifier().m11() > before
    assert window.canvas.zoom == zoom

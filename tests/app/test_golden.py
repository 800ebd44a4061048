"""Parts of the window as they looked when somebody looked at them, in both themes.

`LINEAMENT_GOLDEN=save` takes the pictures anew (look at them before committing); `=audit` puts
golden, present and difference side by side into out/golden.
"""

import os
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtGui import QFont

from app import convert, theme
from app.canvas.magnifier import Magnifier
from app.canvas.video_view import VideoView
from app.docks.layers_dock import LayersDock
from app.document import NO_SOURCE, ClipColumns, LooseClips
from app.timeline.timeline_view import TimelineView
from app.viewing import OpenedClip
from core.annotations.records import ReviewState, ShownFace, Source
from core.faces.correction.template import placed_by_eyes
from core.masks.from_landmarks import face5_from_landmarks
from core.paths import main_script
from core.schemes import load_landmark_scheme

FOLDER = Path(__file__).parents[1] / "golden"
MODE = os.environ.get("LINEAMENT_GOLDEN", "")
WIDTH, HEIGHT, FRAMES = 320, 240, 400
MOST_SHARE, APART = 0.01, 24
"""At most this share of the pixels may differ by more than so many grey levels, after a small blur:
typefaces are drawn a little differently from machine to machine."""

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="other systems draw text in other ways"
)


def a_face(track, x, y, apart, tilt=0.0, **changes):
    """The mean face, its eyes `apart` pixels apart."""
    half = np.array([np.cos(tilt), np.sin(tilt)]) * apart / 2
    middle = np.array([x, y], np.float64)
    xy = placed_by_eyes(load_landmark_scheme("ibug68"), middle - half, middle + half)
    xy = xy.astype(np.float32)
    low, high = xy.min(axis=0) - 8, xy.max(axis=0) + 8
    values = {
        "landmark_scores": np.linspace(0.1, 1.0, 68, dtype=np.float32),
        "edited": np.zeros(68, np.bool_),
        "point_sources": np.full(68, Source.HEAVY, np.uint8),
        "landmark_scheme": "ibug68",
        "review": ReviewState.PREDICTED,
        "label_maps": {"face5": face5_from_landmarks(xy, (HEIGHT, WIDTH))},
    }
    box = np.concatenate([low, high]).astype(np.float32)
    return ShownFace(track, box, 0.87, landmarks=xy, **(values | changes))


def two_faces():
    edited = np.zeros(68, np.bool_)
    edited[17:27] = True
    visible = np.ones(68, np.bool_)
    visible[:6] = False
    return [
        a_face(0, 95, 90, 46, 0.2, source=Source.HEAVY),
        a_face(1, 230, 120, 60, -0.1, source=Source.PERSON, edited=edited, visible=visible,
               review=ReviewState.EDITED),
    ]  # fmt: skip


class TwoFaces(LooseClips):
    """A clip with the same two faces on every frame."""

    def shown(self, clip_id, frame_idx, masks=True):
        return two_faces()


def columns():
    """Something of everything, without a random number."""
    frame = np.arange(FRAMES)
    source = np.stack([np.where(frame % 9 == 0, 0, 1), np.where(frame > 150, 1, NO_SOURCE)])
    source[0, 200:220] = 4
    return ClipColumns(
        track_ids=(0, 1),
        processed=np.ones(FRAMES, np.bool_),
        source=source.astype(np.uint8),
        confidence=np.stack([0.6 + 0.4 * np.sin(frame / 30), 0.9 - frame / 800]).astype(np.float32),
        jitter=(1 + np.sin(frame / 7)).astype(np.float32),
        review=np.select([frame < 120, frame < 160, frame < 300], [3, 2, 1], 0).astype(np.uint8),
        edited=(frame > 200) & (frame < 220),
        values={
            "decision": (frame % 9 == 0).astype(np.float32),
            "policy": np.cos(frame / 20).astype(np.float32),
        },
    )


def a_frame():
    """Tiles that change from place to place, (H, W, 3)."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH] // 16
    return np.stack([80 + 5 * x, 110 + 8 * ((x + y) % 2), 150 - 4 * y], axis=2).astype(np.uint8)


@pytest.fixture(params=["light", "dark"])
def look(request, qapp):
    """A theme, with the bundled typeface; everything as it was afterwards."""
    font = QFont(qapp.font())
    theme.install_fonts(qapp)
    plain = QFont(theme.FONT_FAMILY)
    plain.setPointSizeF(10.5)
    qapp.setFont(plain)
    theme.apply(qapp, request.param)
    yield request.param
    qapp.setFont(font)


@pytest.fixture
def shown(look, session, tmp_path):
    session.open_document(TwoFaces([tmp_path / "clip.mp4"]))
    session.clip_opened(OpenedClip(FRAMES, 25.0, WIDTH, HEIGHT, ""))
    session.set_columns(session.entry.clip_id, columns())
    session.select_face(1)
    session.set_range((180, 260))
    session.toggle_marker(330)
    session.set_frame(240)
    return session


def canvas(session, qtbot):
    view = VideoView(session)
    view.resize(600, 500)
    view.show_frame(240, convert.image_from_rgb(a_frame()))
    return view


def canvas_with_magnifier(session, qtbot):
    view = canvas(session, qtbot)
    for name, changes in {
        "label_maps": {"outline_only": True},
        "points": {"colour_by": "confidence"},
        "contours": {"colour_by": "source"},
    }.items():
        session.set_layer(name, **changes)
    view.magnifier = Magnifier(session, view)
    view.magnifier.set_shown(True)
    return view


def layers(session, qtbot):
    dock = LayersDock(session)
    dock.resize(330, 300)
    return dock


def timeline(session, qtbot):
    view = TimelineView(session)
    view.resize(800, view.sizeHint().height())
    view.show_whole()
    return view


def pixels(widget):
    """What a widget shows, (H, W, 3) uint8, RGB."""
    return convert.rgb_from_image(widget.grab().toImage())


def share_apart(one, other):
    """Share of the pixels of two pictures that differ in the eyes of a person."""
    if one.shape != other.shape:
        return 1.0
    a, b = (cv2.blur(picture, (3, 3)).astype(int) for picture in (one, other))
    return float((np.abs(a - b).max(axis=2) > APART).mean())


@pytest.mark.parametrize("part", [canvas, canvas_with_magnifier, layers, timeline])
def test_it_looks_as_it_did(qtbot, shown, look, part, tmp_path):
    widget = part(shown, qtbot)
    qtbot.addWidget(widget)
    widget.show()
    qtbot.waitExposed(widget)
    present = pixels(widget)
    file = FOLDER / f"{part.__name__}-{look}.png"
    if MODE == "save":
        FOLDER.mkdir(exist_ok=True)
        cv2.imwrite(str(file), present[..., ::-1])
    golden = cv2.imread(str(file))
    assert golden is not None, f"{file.name} is missing; LINEAMENT_GOLDEN=save makes it"
    golden = golden[..., ::-1]
    if MODE == "audit":
        _put_side_by_side(file.name, golden, present)
    share = share_apart(golden, present)
    if share > MOST_SHARE:
        actual = tmp_path / file.name
        cv2.imwrite(str(actual), present[..., ::-1])
        pytest.fail(f"{share:.1%} of {file.name} looks different; see {actual}")


def _put_side_by_side(name, golden, present):
    folder = main_script().parent / "out" / "golden"
    folder.mkdir(parents=True, exist_ok=True)
    same = golden.shape == present.shape
    apart = cv2.absdiff(golden, present) if same else np.zeros_like(golden)
    height = max(golden.shape[0], present.shape[0])
    parts = [
        cv2.copyMakeBorder(one, 0, height - one.shape[0], 0, 8, cv2.BORDER_CONSTANT)
        for one in (golden, present, apart)
    ]
    cv2.imwrite(str(folder / name), np.hstack(parts)[..., ::-1])


@pytest.mark.parametrize(
    "change",
    [
        lambda session: session.set_layer("points", visible=False),
        lambda session: session.set_layer("label_maps", opacity=0.8),
        lambda session: session.select_face(0),
    ],
)
def test_a_change_one_can_see_is_seen(qtbot, shown, change):
    """The threshold does not let everything through."""
    view = canvas(shown, qtbot)
    qtbot.addWidget(view)
    view.show()
    before = pixels(view)
    change(shown)
    assert share_apart(before, pixels(view)) > MOST_SHARE

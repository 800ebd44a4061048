"""Wang et al.'s five classes from 68 points."""

import numpy as np
import pytest
from scipy.interpolate import CubicSpline

from core.masks.from_landmarks import (
    EYES,
    INNER_MOUTH,
    OUTER_MOUTH,
    SKIN,
    face5_from_landmarks,
    paint_face5,
    wang_crop_box,
)
from core.schemes import load_mask_scheme


def ellipse(centre: tuple[float, float], radii: tuple[float, float], degrees: np.ndarray):
    angle = np.deg2rad(degrees)
    return np.stack([np.cos(angle) * radii[0], -np.sin(angle) * radii[1]], axis=1) + centre


@pytest.fixture
def face() -> np.ndarray:
    """A round frontal face in a 200 × 200 image, mouth open; iBUG order, (68, 2)."""
    xy = np.empty((68, 2))
    xy[:17] = ellipse((100, 90), (60, 75), np.linspace(180, 360, 17))
    xy[17:22] = ellipse((75, 75), (18, 8), np.linspace(180, 0, 5))
    xy[22:27] = ellipse((125, 75), (18, 8), np.linspace(180, 0, 5))
    xy[27:31] = np.stack([np.full(4, 100), np.linspace(85, 110, 4)], axis=1)
    xy[31:36] = np.stack([np.linspace(92, 108, 5), np.full(5, 114)], axis=1)
    for first, x in ((36, 75), (42, 125)):
        xy[first : first + 6] = ellipse((x, 88), (10, 5), np.array([180, 120, 60, 0, -60, -120]))
    xy[48:60] = ellipse((100, 135), (22, 12), np.linspace(180, -150, 12))
    xy[60:68] = ellipse((100, 135), (15, 6), np.linspace(180, -135, 8))
    return xy


def test_classes_lie_where_the_face_has_them(face):
    labels = paint_face5(face, (200, 200))
    assert labels[88, 75] == labels[88, 125] == EYES
    assert labels[135, 100] == INNER_MOUTH
    assert labels[145, 100] == OUTER_MOUTH
    assert labels[110, 100] == SKIN  # the nose
    assert labels[74, 75] == SKIN  # a brow
    assert labels[40, 100] == 0  # the forehead
    assert labels[0, 0] == 0


def test_contours_are_the_splines_of_the_paper(face):
    """A twin from SciPy, sampled every 0.01 and tested pixel by pixel against the mouth."""
    pieces = [(48, 49, 50, 51), (51, 52, 53, 54), (54, 55, 56, 57, 58, 59, 48)]
    outline = []
    for piece in pieces:
        spline = CubicSpline(np.arange(len(piece)), face[list(piece)], bc_type="not-a-knot")
        outline.append(spline(np.arange(0, len(piece) - 1 + 1e-9, 0.01)))
    mouth = np.concatenate(outline)
    labels = paint_face5(face, (200, 200))
    for y in (128, 131, 135, 139, 144):
        crossing = _crossings(mouth, y)
        columns = np.flatnonzero(np.isin(labels[y], (OUTER_MOUTH, INNER_MOUTH)))
        assert columns[0] == np.ceil(crossing.min())
        assert columns[-1] == np.ceil(crossing.max()) - 1


def _crossings(xy: np.ndarray, y: float) -> np.ndarray:
    after = np.roll(xy, -1, axis=0)
    cut = (xy[:, 1] <= y) != (after[:, 1] <= y)
    share = (y - xy[cut, 1]) / (after[cut, 1] - xy[cut, 1])
    return xy[cut, 0] + share * (after[cut, 0] - xy[cut, 0])


def test_areas_do_not_depend_on_resolution(face):
    """Painted eight times as large, each class covers 64 times as many pixels, to a pixel rim."""
    small = paint_face5(face, (200, 200))
    large = paint_face5((face + 0.5) * 8 - 0.5, (1600, 1600))
    for value in (SKIN, EYES, OUTER_MOUTH, INNER_MOUTH):
        area = np.count_nonzero(large == value) / 64
        assert np.count_nonzero(small == value) == pytest.approx(area, rel=0.03)


def test_mirrored_points_give_the_mirrored_mask(face):
    face += 0.137  # no pixel's centre lies on an outline, where left and right differ
    flipped = np.stack([199 - face[:, 0], face[:, 1]], axis=1)[_MIRROR]
    np.testing.assert_array_equal(
        paint_face5(flipped, (200, 200)), paint_face5(face, (200, 200))[:, ::-1]
    )


_MIRROR = [*range(16, -1, -1), *range(26, 16, -1), 27, 28, 29, 30, *range(35, 30, -1)]
_MIRROR += [45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40]
_MIRROR += [54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55, 64, 63, 62, 61, 60, 67, 66, 65]


def test_the_crop_is_the_papers_square(face):
    """Hull 120 × 98 of the face above: side 1.3 × 109 = 142, round the hull's centre."""
    x0, y0, x1, y1 = wang_crop_box(face, (1000, 1000))
    width, height = np.ptp(face, axis=0)
    assert x1 - x0 == y1 - y0 == round(1.3 * (width + height) / 2)
    centre = (face.min(axis=0) + face.max(axis=0)) / 2
    np.testing.assert_allclose([(x0 + x1 - 1) / 2, (y0 + y1 - 1) / 2], centre, atol=0.51)


def test_the_crop_is_clipped_to_the_frame(face):
    x0, y0, x1, y1 = wang_crop_box(face - (60, 0), (150, 200))
    assert (x0, y1) == (0, 150)
    assert y1 - y0 < 142
    assert 0 < x1 < 142


def test_a_crop_shows_what_the_frame_shows(face):
    moved = face + np.array([300.25, 41.5])
    crop = face5_from_landmarks(moved, (400, 700))
    np.testing.assert_array_equal(crop.paste((400, 700)), paint_face5(moved, (400, 700)))
    chosen = face5_from_landmarks(moved, (400, 700), crop=(310, 60, 500, 230))
    assert chosen.box_xyxy == (310, 60, 500, 230)


def test_a_face_outside_the_frame_gives_an_empty_map(face):
    crop = face5_from_landmarks(face + 5000, (400, 700))
    assert crop.labels.size == 0
    assert not crop.paste((400, 700)).any()


def test_missing_contour_points_are_named_and_the_nose_may_be_missing(face):
    face[30] = np.nan
    assert paint_face5(face, (200, 200)).any()
    face[51] = np.nan
    with pytest.raises(ValueError, match=r"\[51\]"):
        paint_face5(face, (200, 200))
    with pytest.raises(ValueError, match="68 points"):
        paint_face5(face[:60], (200, 200))
    with pytest.raises(ValueError, match="landmark"):
        wang_crop_box(np.full((68, 2), np.nan), (10, 10))


def test_classes_are_those_of_the_scheme():
    names = load_mask_scheme("face5").class_names
    painted = [names[value] for value in (SKIN, EYES, OUTER_MOUTH, INNER_MOUTH)]
    assert painted == ["skin", "eyes", "outer_mouth", "inner_mouth"]

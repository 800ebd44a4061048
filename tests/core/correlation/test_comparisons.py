"""Affinities compared, their confidence, formats on draws, files, schemes and pictures."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.correlation.affinity import Affinity, affinity_of
from core.correlation.affinity_file import is_affinity_file, read_affinity, write_affinity
from core.correlation.bootstrap import bootstrap
from core.correlation.colour_maps import (
    DIVERGING,
    SEQUENTIAL,
    UNKNOWN,
    automatic_range,
    colourise,
    oklab,
)
from core.correlation.compare import (
    component_blocks,
    component_table,
    deviation,
    difference,
    pair_curve,
    stage_differences,
)
from core.correlation.draws import draw_formats
from core.correlation.face_sets import read_faces
from core.correlation.format_scheme import format_document, save_format
from core.correlation.normalise import hullbox_normalised
from core.correlation.picture import Line, curve_picture, heat_map, save_picture
from core.correlation.sparse_format import coverage
from core.errors import InputError
from core.schemes import load_landmark_scheme

SCHEME = load_landmark_scheme("aflw19")


def faces(count: int = 200, seed: int = 0) -> np.ndarray:
    """Nineteen points that move with a few hidden causes, (count, 19, 2)."""
    rng = np.random.default_rng(seed)
    mix = np.random.default_rng(5).normal(size=(6, 38))
    moves = rng.normal(size=(count, 6)) @ mix + rng.normal(size=(count, 38))
    shape = np.random.default_rng(6).uniform(0, 200, (1, 19, 2))
    return shape + 4 * moves.reshape(count, 19, 2)


@pytest.fixture
def found() -> Affinity:
    return affinity_of(faces(), SCHEME)


def test_differences_by_component(found: Affinity):
    other = Affinity(
        np.clip(found.matrix + 0.1, 0, None), found.count, found.still, 200, "hullbox", "aflw19"
    )
    matrix = difference(other, found)
    assert matrix == pytest.approx(0.1)
    for row in component_table(matrix, SCHEME):
        if row["points"] > 1:
            assert row["within"] == pytest.approx(0.1)
    blocks = {(b.first, b.second): b for b in component_blocks(found.matrix, SCHEME)}
    brows, eyes = SCHEME.components["right_brow"], SCHEME.components["right_eye"]
    between = found.matrix[np.ix_(brows, eyes)]
    assert blocks["right_brow", "right_eye"].mean == pytest.approx(between.mean())
    assert ("chin", "chin") not in blocks  # one point has no pair


def test_only_like_is_compared_with_like(found: Affinity):
    small = affinity_of(faces()[:, :5], load_landmark_scheme("points5"))
    rms = affinity_of(faces(), SCHEME, "centroid_rms")
    with pytest.raises(InputError, match="points5 and aflw19 cannot be compared"):
        difference(small, found)
    with pytest.raises(InputError, match="centroid_rms and hullbox"):
        difference(rms, found)


def test_stages_and_epochs():
    stages = [np.full((3, 3), v) for v in (0.9, 0.7, 0.6)]
    np.testing.assert_allclose(stage_differences(stages)[:, 0, 1], [-0.2, -0.1])
    np.testing.assert_allclose(pair_curve(stages, 0, 1), [0.9, 0.7, 0.6])
    assert deviation(stages)[1, 2] == pytest.approx(np.std([0.9, 0.7, 0.6]))


def test_the_bootstrap_covers_other_faces_of_the_same_kind():
    spread = bootstrap(hullbox_normalised(faces(150)), 60, seed=1)
    truth = affinity_of(faces(20_000, 9), SCHEME).matrix
    off = ~np.eye(19, dtype=bool)
    # With so few faces affinities are biased upwards, so that not quite 95 % lie inside.
    inside = ((spread.low <= truth + 0.03) & (truth - 0.03 <= spread.high))[off].mean()
    assert 0.8 < inside <= 1.0
    assert 0.01 < spread.deviation[off].mean() < 0.12
    narrower = bootstrap(hullbox_normalised(faces(1500)), 30)
    assert narrower.deviation[off].mean() < 0.5 * spread.deviation[off].mean()
    with pytest.raises(InputError, match="2 draws"):
        bootstrap(hullbox_normalised(faces(9)), 1)


def test_formats_on_draws_are_judged_by_the_faces_they_never_saw():
    normalised = hullbox_normalised(faces(300))
    drawn = draw_formats(normalised, SCHEME, 60, [3, 6], draws=4)
    assert drawn.c.shape == drawn.on_others.shape == (4, 2)
    order = np.random.default_rng(0).permutation(300)
    others = affinity_of(faces(300)[order[60:]], SCHEME).matrix
    chosen = drawn.formats[0][1].points
    assert drawn.on_others[0, 1] == pytest.approx(coverage(others, chosen), abs=1e-9)
    # What was chosen by flatters it.
    assert (drawn.on_others < drawn.c).mean() > 0.7
    assert [row["m"] for row in drawn.table()] == [3, 6]
    with pytest.raises(InputError, match="there are 300 faces"):
        draw_formats(normalised, SCHEME, 301, [3])


def test_an_affinity_comes_back_from_its_file(found: Affinity, tmp_path: Path):
    file = tmp_path / "deep" / "a.npz"
    write_affinity(file, found)
    back = read_affinity(file)
    np.testing.assert_array_equal(back.matrix, found.matrix)
    np.testing.assert_array_equal(back.count, found.count)
    assert (back.faces, back.scheme, back.normalisation) == (200, "aflw19", "hullbox")
    assert is_affinity_file(file)
    np.savez(tmp_path / "bare.npz", affinity=found.matrix)
    assert read_affinity(tmp_path / "bare.npz").num_points == 19
    np.savez(tmp_path / "flat.npz", affinity=found.matrix[0])
    with pytest.raises(InputError, match="no square array"):
        read_affinity(tmp_path / "flat.npz")
    (tmp_path / "torn.npz").write_bytes(file.read_bytes()[:200])
    with pytest.raises(InputError, match=r"not a readable \.npz"):
        read_affinity(tmp_path / "torn.npz")


def test_faces_from_arrays(tmp_path: Path):
    file = tmp_path / "faces.npz"
    np.savez(file, landmarks=faces(9), truth=faces(9, 1))
    found = read_faces([str(file)])
    assert (len(found), found.scheme.name) == (9, "aflw19")
    assert found.truth is not None
    assert len(read_faces([str(file), str(file)])) == 18
    np.savez(tmp_path / "own.npz", landmarks=faces(9)[:, :1], scheme="points5")
    with pytest.raises(InputError, match="1 points, but points5 has 5"):
        read_faces([str(tmp_path / "own.npz")])


def test_faces_of_two_schemes_or_without_scheme_are_refused(tmp_path: Path):
    np.savez(tmp_path / "a.npz", landmarks=faces(9))
    np.savez(tmp_path / "b.npz", landmarks=faces(9)[:, :5])
    np.savez(tmp_path / "c.npz", landmarks=faces(9)[:, :7])
    np.savez(tmp_path / "d.npz", landmarks=faces(9)[:, 0])
    names = [str(tmp_path / f"{name}.npz") for name in "abcd"]
    with pytest.raises(InputError, match="aflw19 and points5 cannot be correlated together"):
        read_faces(names[:2])
    with pytest.raises(InputError, match="7 points belong to no known scheme"):
        read_faces([names[2]])
    with pytest.raises(InputError, match="not \\(faces, points, 2\\)"):
        read_faces([names[3]])
    found = read_faces(names[:1], "points5")  # eye centres, nose, mouth corners are all there
    assert found.scheme.name == "points5"
    assert np.isfinite(found.landmarks).all()


def test_a_format_becomes_a_scheme_that_maps_back(tmp_path: Path):
    dense = load_landmark_scheme("ibug68")
    points = (8, 30, 36, 37, 39, 45, 48, 51, 54, 57)
    file = tmp_path / "ten.json"
    save_format(file, format_document(dense, points, "ten", "made by a test"))
    sparse = load_landmark_scheme(file)
    assert sparse.num_points == 10
    assert sparse.maps["ibug68"][list(points)].tolist() == list(range(10))
    assert dense.map_to(sparse).tolist() == list(points)
    assert sparse.normalising_pair == (2, 5)
    assert [points[i] for i in sparse.mirror] == [
        8, 30, 45, 37, 39, 36, 54, 51, 48, 57
    ]  # fmt: skip
    assert set(sparse.components) == {"jaw", "nose", "right_eye", "left_eye", "outer_lip"}
    no_eyes = format_document(dense, (8, 48, 54), "three")
    assert no_eyes["normalising_pair"] == [1, 2]
    with pytest.raises(InputError, match="at least two points"):
        format_document(dense, (8,), "one")
    with pytest.raises(InputError, match=r"ends in \.json"):
        save_format(tmp_path / "ten.txt", {})
    assert json.loads(file.read_text())["note"] == "made by a test"


def test_colours_are_perceptually_uniform():
    for table in (SEQUENTIAL, DIVERGING):
        steps = np.linalg.norm(np.diff(oklab(table), axis=0), axis=1)
        half = len(steps) // 2
        for part in (steps[:half], steps[half:]):
            # 8-bit colours are a coarse grid: single steps may be off, ten of them are not.
            tens = np.convolve(part, np.ones(10), "valid")
            assert tens.max() < 1.25 * tens.mean()
            assert tens.min() > 0.75 * tens.mean()
    lightness = oklab(SEQUENTIAL)[:, 0]
    assert (np.diff(lightness) > -0.003).all()
    middle = oklab(DIVERGING)[:, 0]
    assert middle.argmax() == 127
    assert abs(middle[0] - middle[-1]) < 0.1
    # Green is above zero, violet below.
    assert DIVERGING[-1, 1] > DIVERGING[-1, 0]
    assert DIVERGING[0, 1] < DIVERGING[0, 0]


def test_numbers_become_colours():
    colours = colourise(np.array([-2.0, 0.0, 0.5, 9.0, np.nan]), SEQUENTIAL, 0.0, 1.0)
    assert (colours[0] == SEQUENTIAL[0]).all()
    assert (colours[1] == SEQUENTIAL[0]).all()
    assert (colours[3] == SEQUENTIAL[-1]).all()
    assert tuple(colours[4]) == UNKNOWN
    zero = colourise(np.zeros(1), DIVERGING, -0.3, 0.3)
    assert (zero[0] == DIVERGING[127]).all()


def test_ranges_fit_what_is_there():
    matrix = np.array([[1.0, 0.2], [0.2, 1.0]])
    low, high = automatic_range(matrix, diverging=False)
    assert low < 0.2 < high
    assert automatic_range(matrix - 0.5, diverging=True) == (-0.3, 0.3)
    assert automatic_range(np.full((2, 2), np.nan), diverging=False) == (0.0, 1.0)


def test_a_picture_shows_each_cell_in_its_colour(found: Affinity, tmp_path: Path):
    picture = heat_map(found.matrix, SCHEME, "Affinity", "made", value_range=(0.0, 1.0))
    cell = 700 // 19
    for i, j in ((0, 0), (3, 11), (18, 2)):
        at = picture[76 + i * cell + cell // 2, 120 + j * cell + cell // 2]
        expected = colourise(found.matrix[i : i + 1, j], SEQUENTIAL, 0.0, 1.0)[0]
        np.testing.assert_array_equal(at, expected)
    save_picture(tmp_path / "a.png", picture)
    with Image.open(tmp_path / "a.png") as image:
        assert image.size == picture.shape[1::-1]
    with pytest.raises(InputError, match="pictures end in"):
        save_picture(tmp_path / "a.svg", picture)


def test_a_curve_is_drawn_where_it_is():
    line = Line("searched", [1, 2, 3, 4], [0.2, 0.4, 0.6, 0.8], [0.05] * 4)
    picture = curve_picture([line], {"five": (4, 0.3)}, "ĉ")
    x, y = 120 + 820 * 3 // 4, 76 + round(460 * 0.4)
    near = picture[y - 2 : y + 3, x - 2 : x + 3].reshape(-1, 3)
    assert (near == (213, 94, 0)).all(axis=1).any()

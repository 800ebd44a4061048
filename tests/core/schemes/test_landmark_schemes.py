"""The bundled landmark schemes: orders of the data sets, mirrors, contours, maps."""

import itertools

import numpy as np
import pytest

from core.schemes import landmark_scheme_names, load_landmark_scheme

SIZES = {
    "ibug68": 68,
    "inner41": 41,
    "wflw98": 98,
    "cofw29": 29,
    "aflw19": 19,
    "points106": 106,
    "points5": 5,
}
FLIPS = {  # the data sets' own flip tables: "0..5" reverses a range, "12-14" swaps two
    "aflw19": "0..5 6..11 12-14 15-17",
    "cofw29": "0-1 2-3 4-6 5-7 8-9 10-11 12-14 13-15 16-17 18-19 22-23",
    "wflw98": "0..32 33-46 34-45 35-44 36-43 37-42 38-50 39-49 40-48 41-47 55-59 56-58"
    " 60-72 61-71 62-70 63-69 64-68 65-75 66-74 67-73 76-82 77-81 78-80 83-87 84-86"
    " 88-92 89-91 93-95 96-97",
    "ibug68": "0..16 17..26 31-35 32-34 36-45 37-44 38-43 39-42 40-47 41-46"
    " 48-54 49-53 50-52 55-59 56-58 60-64 61-63 65-67",
    "points106": "0..32 33-46 34-45 35-44 36-43 37-42 38-50 39-49 40-48 41-47 55-65 56-64 57-63"
    " 58-62 59-61 66-79 67-78 68-77 69-76 70-75 71-82 72-81 73-80 74-83 84-90 85-89 86-88"
    " 91-95 92-94 96-100 97-99 101-103 104-105",
    "points5": "0-1 3-4",
}


def flip_table(size: int, pairs: str) -> np.ndarray:
    table = np.arange(size)
    for entry in pairs.split():
        if ".." in entry:
            first, last = map(int, entry.split(".."))
            table[first : last + 1] = np.arange(last, first - 1, -1)
        else:
            one, other = map(int, entry.split("-"))
            table[one], table[other] = other, one
    return table


def all_schemes():
    return [load_landmark_scheme(name) for name in SIZES]


schemes = pytest.mark.parametrize("scheme", all_schemes(), ids=lambda scheme: scheme.name)


def test_the_bundled_schemes_are_the_listed_ones():
    assert landmark_scheme_names() == tuple(SIZES)


@schemes
def test_a_scheme_has_its_points(scheme):
    assert scheme.num_points == SIZES[scheme.name]
    assert len(set(scheme.point_names)) == scheme.num_points
    assert scheme.title


@pytest.mark.parametrize("name", FLIPS)
def test_mirrors_are_the_data_sets_flip_tables(name):
    expected = flip_table(SIZES[name], FLIPS[name])
    np.testing.assert_array_equal(load_landmark_scheme(name).mirror, expected)


@schemes
def test_mirroring_twice_changes_nothing(scheme):
    everyone = np.arange(scheme.num_points)
    np.testing.assert_array_equal(scheme.mirror[scheme.mirror], everyone)
    xy = np.random.default_rng(1).uniform(0, 90, (3, scheme.num_points, 2))
    np.testing.assert_allclose(scheme.mirrored(scheme.mirrored(xy, 91), 91), xy)


@schemes
def test_the_normalising_pair_and_the_parts_are_mirror_images(scheme):
    right, left = scheme.normalising_pair
    assert scheme.mirror[right] == left
    parts = {frozenset(points) for points in scheme.components.values()}
    mirrored = {frozenset(scheme.mirror[list(points)].tolist()) for points in parts}
    assert parts == mirrored


@schemes
def test_contours_are_mirror_images_of_contours(scheme):
    """Edge by edge: what is joined on one side is joined on the other."""
    edges = set()
    for contour in scheme.contours:
        ends = contour.points[1:] + contour.points[:1]
        joined = list(zip(contour.points, ends, strict=True))
        edges |= {frozenset(edge) for edge in (joined if contour.closed else joined[:-1])}
    assert edges == {frozenset(scheme.mirror[list(edge)].tolist()) for edge in edges}


@schemes
def test_every_point_but_single_ones_is_on_a_contour(scheme):
    """Chin, pupils, nose tip and eye centres stand alone; a scheme of 5 points has no curve."""
    drawn = {point for contour in scheme.contours for point in contour.points}
    alone = {scheme.point_names[i] for i in set(range(scheme.num_points)) - drawn}
    if scheme.name == "points5":
        assert not drawn
    else:
        assert alone <= {
            "chin", "nose_tip", "right_eye_pupil", "left_eye_pupil",
            "right_eye_centre", "left_eye_centre",
        }  # fmt: skip


@schemes
def test_each_point_has_the_colour_of_its_one_part(scheme):
    owners = [point for points in scheme.components.values() for point in points]
    assert sorted(owners) == list(range(scheme.num_points))
    for name, points in scheme.components.items():
        assert (scheme.point_colours[list(points)] == scheme.component_colours[name]).all()


def test_maps_name_the_points_that_coincide():
    ibug, inner, wflw = (load_landmark_scheme(name) for name in ("ibug68", "inner41", "wflw98"))
    np.testing.assert_array_equal(ibug.maps["inner41"], np.arange(27, 68))
    known = [*range(0, 33, 2), *range(33, 38), *range(42, 47), *range(51, 61), 61, 63, 64, 65, 67]
    known += [68, 69, 71, 72, 73, 75, *range(76, 96)]
    np.testing.assert_array_equal(wflw.maps["ibug68"], known)
    assert (inner.maps["ibug68"][:27] == -1).all()
    np.testing.assert_array_equal(ibug.maps["points5"], [-1, -1, 30, 48, 54])
    aflw = [17, 19, 21, 22, 24, 26, 36, -1, 39, 42, -1, 45, -1, 30, -1, 48, -1, 54, 8]
    np.testing.assert_array_equal(ibug.maps["aflw19"], aflw)
    cofw = [33, 46, 37, 42, 35, 40, 44, 48, 60, 72, 64, 68, 62, 66, 70, 74, 96, 97, -1, -1]
    cofw += [54, 57, 76, 82, 79, 90, 94, 85, 16]
    np.testing.assert_array_equal(wflw.maps["cofw29"], cofw)


@pytest.mark.parametrize(("a", "b"), list(itertools.product(SIZES, SIZES)))
def test_maps_lead_back_and_keep_left_and_right(a, b):
    first, second = load_landmark_scheme(a), load_landmark_scheme(b)
    there, back = first.maps[b], second.maps[a]
    assert there.shape == (second.num_points,)
    assert there.min() >= -1
    assert there.max() < first.num_points
    shared = np.flatnonzero(there >= 0)
    np.testing.assert_array_equal(back[there[shared]], shared)
    np.testing.assert_array_equal(there[second.mirror[shared]], first.mirror[there[shared]])


@pytest.mark.parametrize("way", list(itertools.permutations(SIZES, 3)), ids="-".join)
def test_going_by_way_of_a_third_scheme_leads_to_the_same_points(way):
    first, by_way, last = (load_landmark_scheme(name) for name in way)
    step = by_way.maps[last.name]
    composed = np.where(step >= 0, first.maps[by_way.name][step], -1)
    known = composed >= 0
    np.testing.assert_array_equal(composed[known], first.maps[last.name][known])


def test_conversion_takes_coinciding_points_derives_centres_and_says_nan_else():
    ibug, five, wflw = (load_landmark_scheme(name) for name in ("ibug68", "points5", "wflw98"))
    xy = np.random.default_rng(2).uniform(0, 99, (4, 68, 2))
    five_xy = ibug.convert(xy, five)
    np.testing.assert_allclose(five_xy[:, 0], xy[:, 36:42].mean(axis=1))
    np.testing.assert_array_equal(five_xy[:, 2:], xy[:, [30, 48, 54]])
    dense = ibug.convert(xy, wflw)
    assert np.isnan(dense[:, 96]).all()
    np.testing.assert_array_equal(wflw.convert(dense, ibug), xy)


@schemes
def test_sparse_formats_are_mirror_closed_subsets(scheme):
    for name, points in scheme.sparse_formats.items():
        assert len(points) == int(name.split("-")[1])
        # LFW-10 has one point each of the lips' middle, so its mirror image is itself too
        assert set(scheme.mirror[list(points)]) == set(points)


def test_known_sparse_formats_contain_the_points_that_coincide():
    for home, fmt, name in (
        ("ibug68", "AFLW-19", "aflw19"),
        ("wflw98", "COFW-29", "cofw29"),
        ("inner41", "MAFL-5", "points5"),
    ):
        scheme = load_landmark_scheme(home)
        listed, found = np.array(scheme.sparse_formats[fmt]), scheme.maps[name]
        np.testing.assert_array_equal(listed[found >= 0], found[found >= 0])


def test_a_contour_runs_through_its_points():
    scheme = load_landmark_scheme("wflw98")
    xy = np.random.default_rng(3).uniform(0, 99, (98, 2))
    for contour in scheme.contours:
        curve = contour.curve(xy, per_interval=5)
        np.testing.assert_allclose(curve[::5], xy[list(contour.points)], atol=1e-9)
    xy[60] = np.nan
    assert np.isnan(scheme.contours[5].curve(xy)).all()

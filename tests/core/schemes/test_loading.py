"""Schemes from files: the user's own, and what is said about wrong ones."""

import contextlib
import copy
import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import paths
from core.errors import InputError
from core.schemes import (
    landmark_scheme_names,
    load_landmark_scheme,
    load_mask_scheme,
    mask_scheme_names,
)

TRIANGLE = {
    "format_version": 1,
    "kind": "landmarks",
    "name": "triangle",
    "title": "Three points",
    "points": ["right_eye_outer", "left_eye_outer", "p2"],
    "normalising_pair": [0, 1],
    "contours": [{"name": "all", "points": [0, 1, 2], "closed": True, "kind": "line"}],
    "components": [{"name": "all", "points": [0, 1, 2], "colour": "#56B4E9"}],
}
TWO = {
    "format_version": 1,
    "kind": "masks",
    "name": "two",
    "title": "Two classes",
    "classes": [
        {"name": "background", "title": "Background", "colour": "#000000"},
        {"name": "beard", "title": "Beard", "colour": "#ABCDEF"},
    ],
    "maps": {"hair2": {"hair": ["beard"]}},
}


@pytest.fixture
def write(tmp_path):
    def write_document(document, name="own.json"):
        path = tmp_path / name
        path.write_text(json.dumps(document), encoding="utf-8")
        return path

    return write_document


def test_a_file_of_ones_own_is_a_scheme(write):
    scheme = load_landmark_scheme(write(TRIANGLE))
    assert scheme.name == "triangle"
    assert scheme.point_colours.tolist() == [[0x56, 0xB4, 0xE9]] * 3
    np.testing.assert_array_equal(scheme.mirror, [1, 0, 2])
    np.testing.assert_array_equal(load_landmark_scheme("ibug68").map_to(scheme), [36, 45, -1])
    masks = load_mask_scheme(str(write(TWO)))
    np.testing.assert_array_equal(masks.maps["hair2"], [0, 1])
    assert masks.classes[1].colour == (0xAB, 0xCD, 0xEF)


def test_files_in_the_users_folder_have_names(write):
    folder = paths.user_data() / "schemes"
    folder.mkdir(parents=True)
    write(TRIANGLE).rename(folder / "triangle.json")
    write(TWO).rename(folder / "two.json")
    (folder / "broken.json").write_text("{")
    assert landmark_scheme_names()[-1] == "triangle"
    assert mask_scheme_names()[-1] == "two"
    assert load_landmark_scheme("triangle").num_points == 3
    assert load_mask_scheme("two").num_classes == 2


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(InputError, match=r'"ibug86".*ibug68.*points5'):
        load_landmark_scheme("ibug86")
    with pytest.raises(InputError, match="face5"):
        load_mask_scheme("ibug68")
    with pytest.raises(InputError, match="check the path"):
        load_landmark_scheme("nowhere/own.json")


def changed(document, **fields):
    return copy.deepcopy(document) | fields


@pytest.mark.parametrize(
    ("document", "field"),
    [
        (changed(TRIANGLE, format_version=2), "format_version"),
        (changed(TRIANGLE, format_version=True), "format_version"),
        (changed(TRIANGLE, kind="masks"), "kind"),
        (changed(TRIANGLE, name=""), "name"),
        (changed(TRIANGLE, points=["a", "a", "b"]), "points"),
        (changed(TRIANGLE, points=["a", 7, "b"]), "points[1]"),
        (changed(TRIANGLE, points=[]), "points"),
        (changed(TRIANGLE, normalising_pair=[0, 3]), "normalising_pair[1]"),
        (changed(TRIANGLE, normalising_pair=[1, 1]), "normalising_pair"),
        (changed(TRIANGLE, contours=[{"name": "x", "points": [0]}]), "contours[0].points"),
        (changed(TRIANGLE, contours=[{"points": [0, 1]}]), "contours[0].name"),
        (
            changed(TRIANGLE, contours=[{"name": "x", "points": [0, 1], "kind": "arc"}]),
            "contours[0].kind",
        ),
        (
            changed(TRIANGLE, components=[{"name": "x", "points": [0], "colour": "#000000"}]),
            "components",
        ),
        (
            changed(TRIANGLE, components=[{"name": "x", "points": [0], "colour": "blue"}]),
            "components[0].colour",
        ),
        (changed(TRIANGLE, mirror_pairs=[[0, 1], [1, 2]]), "mirror_pairs[1]"),
        (changed(TRIANGLE, derived={"p2": [0]}), "derived.p2"),
        (changed(TRIANGLE, sparse_formats={"X-2": [1, 1]}), "sparse_formats.X-2"),
        (changed(TRIANGLE, colour="#000000"), "colour"),
        (changed(TRIANGLE, title=3), "title"),
        (changed(TWO, kind="landmarks"), "kind"),
        (changed(TWO, classes=TWO["classes"][1:]), "classes[0].name"),
        (changed(TWO, maps={"hair2": {"hat": ["beard"]}}), "maps.hair2.hat"),
        (changed(TWO, maps={"hair2": {"hair": ["chin"]}}), "maps.hair2.hair"),
        (changed(TWO, maps={"own": {}}), "maps.own"),
    ],
)
def test_a_wrong_field_is_named_with_its_file(write, document, field):
    path = write(document)
    load = load_mask_scheme if "classes" in document else load_landmark_scheme
    with pytest.raises(InputError) as caught:
        load(path)
    assert str(path) in str(caught.value)
    assert f'"{field}"' in str(caught.value)


def test_mirror_pairs_serve_names_without_sides(write):
    document = changed(TRIANGLE, points=["a", "b", "c"], mirror_pairs=[[2, 0]])
    np.testing.assert_array_equal(load_landmark_scheme(write(document)).mirror, [2, 1, 0])


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff\xfe", b"[" * 100_000, b" " * (2 << 20)])
def test_files_that_are_no_schemes_are_refused(tmp_path, content):
    path = tmp_path / "own.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"own\.json"):
        load_landmark_scheme(path)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 5) | st.text(max_size=5) | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(field=st.sampled_from(sorted(TRIANGLE | TWO)), value=json_values, masks=st.booleans())
def test_any_value_in_any_field_is_a_scheme_or_an_input_error(write, field, value, masks):
    document = changed(TWO if masks else TRIANGLE, **{field: value})
    with contextlib.suppress(InputError):
        (load_mask_scheme if masks else load_landmark_scheme)(write(document))

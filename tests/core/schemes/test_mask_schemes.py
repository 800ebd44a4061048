"""The bundled mask schemes: class orders, mirrors, colours, maps from fine to coarse."""

import itertools

import numpy as np
import pytest

from core.schemes import load_mask_scheme, mask_scheme_names

CLASSES = {
    "parts14": "background skin left_brow right_brow left_eye right_eye nose upper_lip inner_mouth"
    " lower_lip hair ears neck glasses",
    "helen11": "background skin left_brow right_brow left_eye right_eye nose upper_lip inner_mouth"
    " lower_lip hair",
    "face5": "background skin eyes outer_mouth inner_mouth",
    "occlusion3": "background face occlusion",
    "hair2": "background hair",
    "lapa11": "background skin right_brow left_brow right_eye left_eye nose upper_lip inner_mouth"
    " lower_lip hair",
    "celebamask19": "background skin nose glasses right_eye left_eye right_brow left_brow"
    " right_ear left_ear inner_mouth upper_lip lower_lip hair hat earring necklace neck cloth",
}

schemes = pytest.mark.parametrize(
    "scheme", [load_mask_scheme(name) for name in CLASSES], ids=lambda scheme: scheme.name
)


def test_the_bundled_schemes_are_the_listed_ones():
    assert mask_scheme_names() == tuple(CLASSES)


@schemes
def test_classes_come_in_the_agreed_order(scheme):
    assert scheme.class_names == tuple(CLASSES[scheme.name].split())
    assert scheme.num_classes == len(scheme.palette)


@schemes
def test_mirroring_swaps_left_and_right_and_twice_changes_nothing(scheme):
    np.testing.assert_array_equal(scheme.mirror[scheme.mirror], np.arange(scheme.num_classes))
    for name, partner in zip(scheme.class_names, scheme.mirror, strict=True):
        swapped = name
        if name.startswith("left_"):
            swapped = "right_" + name.removeprefix("left_")
        elif name.startswith("right_"):
            swapped = "left_" + name.removeprefix("right_")
        assert scheme.class_names[partner] == swapped


def test_a_mirrored_label_map_is_turned_and_relabelled():
    scheme = load_mask_scheme("helen11")
    labels = np.array([[2, 0, 3, 3]], np.uint8)
    np.testing.assert_array_equal(scheme.mirrored(labels), [[2, 2, 0, 3]])


@schemes
def test_maps_stay_in_range_and_keep_the_background(scheme):
    for target, lookup in scheme.maps.items():
        coarse = load_mask_scheme(target)
        assert lookup.shape == (scheme.num_classes,)
        assert lookup[0] == 0
        assert lookup.max() < coarse.num_classes
        if target != scheme.name:
            assert set(lookup.tolist()) == set(range(coarse.num_classes))


@schemes
def test_maps_of_maps_are_there_and_equal(scheme):
    for middle, lookup in scheme.maps.items():
        for target, onward in load_mask_scheme(middle).maps.items():
            np.testing.assert_array_equal(scheme.maps[target], onward[lookup])


@schemes
def test_mapping_and_mirroring_commute(scheme):
    labels = np.arange(scheme.num_classes, dtype=np.uint8)[None]
    for target in scheme.maps:
        coarse = load_mask_scheme(target)
        np.testing.assert_array_equal(
            coarse.mirrored(scheme.translate(labels, target)),
            scheme.translate(scheme.mirrored(labels), target),
        )


def test_the_chain_from_fine_to_coarse_is_there():
    assert {"helen11", "face5", "hair2"} <= set(load_mask_scheme("parts14").maps)
    assert {"helen11", "face5", "hair2"} <= set(load_mask_scheme("lapa11").maps)
    assert {"parts14", "helen11", "face5", "hair2"} <= set(load_mask_scheme("celebamask19").maps)
    lips = load_mask_scheme("parts14").translate(np.array([7, 8, 9, 10, 13], np.uint8), "face5")
    np.testing.assert_array_equal(lips, [3, 4, 3, 0, 1])


# Linear-RGB simulations of the three dichromacies (Viénot 1999 for red and green, Machado 2009
# for blue), the colours' distance in CIE L*a*b* afterwards.
_SIGHT = {
    "normal": np.eye(3),
    "protan": np.array([[0.112, 0.888, 0], [0.112, 0.888, 0], [0.004, -0.004, 1]]),
    "deutan": np.array([[0.293, 0.707, 0], [0.293, 0.707, 0], [-0.022, 0.022, 1]]),
    "tritan": np.array([[1.013, 0.135, -0.148], [-0.012, 0.868, 0.144], [0.076, 0.805, 0.119]]),
}
_XYZ = np.array([[0.4125, 0.3576, 0.1804], [0.2127, 0.7152, 0.0722], [0.0193, 0.1192, 0.9503]])


def lab(rgb: np.ndarray, sight: np.ndarray) -> np.ndarray:
    part = rgb / 255
    linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    xyz = _XYZ @ np.clip(sight @ linear, 0, 1) / (0.9505, 1.0, 1.0888)
    x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("sight", _SIGHT)
@schemes
def test_classes_can_be_told_apart_without_full_colour_sight(scheme, sight):
    """A difference of 10 is plain to see; even the 19 classes of CelebAMask keep 13."""
    colours = [lab(colour, _SIGHT[sight]) for colour in scheme.palette]
    for first, second in itertools.combinations(range(scheme.num_classes), 2):
        distance = np.linalg.norm(colours[first] - colours[second])
        assert distance > 13, (scheme.class_names[first], scheme.class_names[second])

"""MakeHuman's head, when its folder is at hand."""

import json
from dataclasses import replace

import numpy as np
import pytest

from core.errors import InputError
from core.paths import resources
from core.synthesis import makehuman
from core.synthesis.expression import sample_pose
from core.synthesis.mhdata import read_head
from core.synthesis.mhidentity import identity_modes, macro_weights
from core.synthesis.shape import sample_shape
from core.synthesis.template import EXPRESSION_INDEX, HeadPose, HeadShape, Part
from core.synthesis.warp import radial_spread


@pytest.fixture(scope="session")
def head_data(tmp_path_factory):
    folder = makehuman.head_folder()
    if folder is None:
        pytest.skip("LINEAMENT_HEAD names no folder")
    return folder, read_head(folder, None)


@pytest.fixture(scope="session")
def head(head_data):
    """The head of the folder, read without a cache."""
    return makehuman.MakeHumanHead(*head_data)


SHAPE = HeadShape("makehuman", ancestry=(0.3, 0.3, 0.4))


def units(**weights):
    values = np.zeros(34, dtype=np.float32)
    for name, weight in weights.items():
        values[EXPRESSION_INDEX[name.replace("_", "-")]] = weight
    return values


def test_macro_weights_are_two_weighted_means():
    weights = macro_weights(HeadShape(ancestry=(0.2, 0.3, 0.5), age_years=40, gender=0.3))
    universal = sum(w for name, w in weights.items() if "universal" in name)
    assert universal == pytest.approx(1.0)
    assert sum(weights.values()) == pytest.approx(2.0)


def test_an_eighteen_year_old_is_between_child_and_young():
    names = macro_weights(HeadShape(age_years=18.0, gender=0.0, ancestry=(1.0, 0.0, 0.0)))
    young = names["macrodetails/african-female-young"]
    assert young == pytest.approx(8.0 / 15.0)
    assert names["macrodetails/african-female-child"] == pytest.approx(1.0 - young)


def test_paired_targets_are_one_signed_mode():
    names = ("nose/nose-hump-decr", "nose/nose-hump-incr", "head/head-oval", "asym/asymm-trunk-1-l")
    modes = identity_modes(names)
    assert modes == {
        "nose/nose-hump-incr": ("nose/nose-hump-decr", "nose/nose-hump-incr"),
        "head/head-oval": (None, "head/head-oval"),
    }


def test_radial_spread_moves_landmarks_and_leaves_the_rest():
    marks = np.array([[0, 0, 0], [0.5, 0, 0], [0, 0.5, 0]], dtype=np.float32)
    far = np.array([[5.0, 0, 0]], dtype=np.float32)
    spread = radial_spread(marks, np.concatenate([marks, far]))
    wanted = np.array([[0.1, 0, 0], [0, -0.2, 0], [0, 0, 0.3]])
    np.testing.assert_allclose((spread @ wanted)[:3], wanted, atol=2e-3)
    np.testing.assert_allclose((spread @ wanted)[3], 0.0)


def test_anchor_files_are_well_formed():
    table = json.loads((resources() / "synthesis" / "makehuman_anchors.json").read_text("utf-8"))
    assert [len(table[k]) for k in ("inner68", "eyes98", "jaw_rings")] == [41, 16, 33]
    for vertices, weights in table["inner68"] + table["eyes98"]:
        assert len(vertices) == len(weights)
        assert sum(weights) == pytest.approx(1.0, abs=1e-3)


def test_a_folder_without_a_head_is_named(tmp_path):
    with pytest.raises(InputError, match=r"base\.obj\.gz"):
        read_head(tmp_path, None)


@pytest.mark.head
def test_the_cache_gives_the_same_head_and_survives_damage(head_data, tmp_path):
    folder, fresh = head_data
    for _ in range(3):
        kept = read_head(folder, tmp_path)
        np.testing.assert_array_equal(kept.base, fresh.base)
        assert (kept.targets != fresh.targets).nnz == 0
        assert kept.proxies.keys() == fresh.proxies.keys()
        (file,) = tmp_path.glob("*.npz")
        file.write_bytes(file.read_bytes()[:1000])  # torn: read anew the next time


@pytest.mark.head
def test_identity_has_more_than_sixty_modes_in_use(head):
    assert len(head.modes) >= 150
    assert len([w for w in sample_shape(0, head).modes.values() if w]) >= 60


@pytest.mark.head
def test_parts_are_where_they_belong(head):
    posed = head.deform(SHAPE, HeadPose())
    skin, v = posed.layers[0], posed.vertices[0]
    middle = {p: v[skin.triangles[skin.parts == p]].mean(axis=(0, 1)) for p in map(Part, range(14))
              if (skin.parts == p).any()}  # fmt: skip
    assert middle[Part.NOSE][1] > middle[Part.UPPER_LIP][1] > middle[Part.LOWER_LIP][1]
    assert middle[Part.LOWER_LIP][1] > middle[Part.NECK][1] > middle[Part.BODY][1]
    assert middle[Part.EAR_LEFT][0] > 0.6 > -0.6 > middle[Part.EAR_RIGHT][0]
    assert middle[Part.SCALP][1] > 0.1
    assert middle[Part.MOUTH_INSIDE][2] < middle[Part.UPPER_LIP][2]


@pytest.mark.head
def test_lips_and_ears_are_symmetric(head):
    parts = head.layers(SHAPE)[0].parts
    assert (parts == Part.EAR_LEFT).sum() == (parts == Part.EAR_RIGHT).sum()


@pytest.mark.head
def test_batch_and_single_anchors_agree(head):
    shapes = [sample_shape(i, head) for i in range(5)]
    shapes[0] = replace(shapes[0], warp=((0.0, 0.02, 0.0),) * 68)
    poses = [sample_pose(np.random.default_rng(i)) for i in range(5)]
    many = head.anchors(shapes, poses)
    for i in range(5):
        one = head.deform(shapes[i], poses[i]).anchors
        np.testing.assert_allclose(many.wflw98[i], one.wflw98, atol=1e-5)
        np.testing.assert_allclose(many.brow_rings[i], one.brow_rings, atol=1e-5)


@pytest.mark.head
def test_a_lopsided_smile_lifts_one_corner_and_leaves_the_jaw(head):
    smile = units(mouth_corner_puller=1.0, mouth_open=0.5)
    even, left = (
        head.deform(SHAPE, HeadPose(smile, lopsided=x)).anchors.ibug68 for x in (0.0, 0.6)
    )
    rest = head.deform(SHAPE, HeadPose()).anchors.ibug68
    lift = [(a - rest)[[54, 48], 1] for a in (even, left)]  # the person's left corner is 54
    assert lift[1][0] > lift[0][0] + 0.02
    assert lift[1][1] < lift[0][1] - 0.02
    np.testing.assert_allclose(left[8], even[8], atol=0.01)
    np.testing.assert_allclose(left[36:48], even[36:48], atol=0.005)


@pytest.mark.head
def test_a_warp_moves_its_landmark(head):
    warp = np.zeros((68, 3))
    warp[30] = [0.0, 0.0, 0.1]
    moved = replace(SHAPE, warp=tuple(map(tuple, warp.tolist())))
    before = head.deform(SHAPE, HeadPose()).anchors.ibug68
    after = head.deform(moved, HeadPose()).anchors.ibug68
    assert (after - before)[30, 2] == pytest.approx(0.1, abs=0.02)
    assert np.abs((after - before)[[36, 45, 8]]).max() < 0.03


@pytest.mark.head
def test_anchors_ride_on_the_moving_lids(head):
    open_, shut = (
        head.deform(SHAPE, HeadPose(units(eye_left_closure=w))).anchors.ibug68 for w in (0.0, 1.0)
    )
    height = [np.linalg.norm(a[43] - a[47]) + np.linalg.norm(a[44] - a[46]) for a in (open_, shut)]
    assert height[1] < 0.25 * height[0]
    np.testing.assert_allclose(open_[36:42], shut[36:42], atol=1e-6)


@pytest.mark.head
def test_teeth_and_tongue_follow_the_jaw(head):
    shut, open_ = (head.deform(SHAPE, HeadPose(units(mouth_open=w))) for w in (0.0, 1.0))
    index = {layer.name: i for i, layer in enumerate(shut.layers)}
    for name in ("teeth", "tongue"):
        drop = shut.vertices[index[name]][:, 1].min() - open_.vertices[index[name]][:, 1].min()
        assert drop > 0.08


@pytest.mark.head
def test_the_cavity_stays_behind_the_face(head):
    """With several units open at once the cavity once came out through the cheeks."""
    pose = HeadPose(units(mouth_open=1.1, mouth_part_later=0.4, mouth_upward_retraction=0.5))
    posed = head.deform(SHAPE, pose)
    skin, v = posed.layers[0], posed.vertices[0]
    inside = np.unique(skin.triangles[skin.parts == Part.MOUTH_INSIDE])
    lips = np.unique(skin.triangles[np.isin(skin.parts, [Part.UPPER_LIP, Part.LOWER_LIP])])
    own = np.setdiff1d(inside, lips)
    assert np.abs(v[own, 0]).max() < np.abs(v[lips, 0]).max()


@pytest.mark.head
def test_brow_landmarks_follow_the_brow_in_use(head):
    marks = [
        head.deform(replace(SHAPE, choices={"brows": b}), HeadPose()).anchors.ibug68[17:27]
        for b in ("eyebrow001", "eyebrow004")
    ]
    assert np.abs(marks[0] - marks[1]).max() > 0.02


@pytest.mark.head
def test_eyeballs_have_no_cornea_and_two_sides(head):
    eyes = head.layers(SHAPE)[1]
    assert (eyes.parts == Part.EYE_LEFT).sum() == (eyes.parts == Part.EYE_RIGHT).sum() == 530


@pytest.mark.head
def test_a_mesh_the_folder_lacks_is_named(head):
    with pytest.raises(InputError, match="mullet"):
        head.layers(replace(SHAPE, choices={"hair": "mullet"}))

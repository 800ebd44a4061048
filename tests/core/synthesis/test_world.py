"""The world: numbers to pictures, the same every time."""

from dataclasses import replace

import numpy as np
import pytest

from core.errors import InputError
from core.synthesis.recipe import PRESETS, Recipe, load_recipe
from core.synthesis.world import render_face, render_faces, sample_landmarks


def test_a_number_is_a_picture(world_recipe):
    noisy = replace(world_recipe, faults=1.0, occluded_share=1.0)
    a, b = (render_face(11, 96, ("rgb",), noisy) for _ in range(2))
    other = render_face(12, 96, ("rgb",), noisy)
    assert a.rgb.shape == (96, 96, 3)
    assert a.rgb.dtype == np.uint8
    assert np.array_equal(a.rgb, b.rgb)
    assert np.array_equal(a.landmarks["wflw98"], b.landmarks["wflw98"])
    assert not np.array_equal(a.rgb, other.rgb)


def test_only_what_is_asked_for_is_made(world_recipe):
    frame = render_face(1, 64, (), world_recipe)
    assert frame.rgb is None
    assert frame.parts14 is None
    assert frame.landmarks["ibug68"].shape == (68, 2)
    assert frame.landmarks["wflw98_3d"].shape == (98, 2)


def test_landmarks_without_rendering_are_the_same(world_recipe):
    alone = sample_landmarks([4, 9], 80, world_recipe)
    for seed, points in zip((4, 9), alone, strict=True):
        rendered = render_face(seed, 80, (), world_recipe).landmarks["ibug68"]
        assert np.abs(rendered - points).max() < 1e-2


def test_size_scales_points_by_pixel_areas(world_recipe):
    """Twice the pixels: x becomes 2 x + 0.5 (the corner at −0.5 stays)."""
    small = render_face(2, 64, (), world_recipe).landmarks["ibug68"]
    large = render_face(2, 128, (), world_recipe).landmarks["ibug68"]
    assert np.abs(large - (2 * small + 0.5)).max() < 0.02


def test_pixels_agree_with_landmarks_across_sizes(world_recipe):
    """The picture follows the same rule as the points: twice the pixels, the same place."""
    clean = replace(world_recipe, faults=0.0)
    small, large = (
        np.isfinite(render_face(2, size, ("depth",), clean).depth) for size in (96, 192)
    )
    middles = [np.argwhere(seen).mean(0)[::-1] for seen in (small, large)]
    assert 0.2 < small.mean() < 0.8
    assert np.abs(middles[1] - (2 * middles[0] + 0.5)).max() < 0.2


def test_many_workers_give_the_same_faces(world_recipe):
    one = list(render_faces([1, 2, 3], 48, ("rgb",), world_recipe))
    two = list(render_faces([1, 2, 3], 48, ("rgb",), world_recipe, workers=2))
    assert [f.subject for f in two] == [1, 2, 3]
    assert all(np.array_equal(a.rgb, b.rgb) for a, b in zip(one, two, strict=True))


def test_recipes_are_read_and_refused(tmp_path):
    good = tmp_path / "night.toml"
    good.write_text('preset = "hard"\nyaw_deg = 20.0\neye_distance_share = [0.3, 0.4]\n')
    recipe = load_recipe(str(good))
    assert recipe == replace(PRESETS["hard"], yaw_deg=20.0, eye_distance_share=(0.3, 0.4))
    bad = tmp_path / "bad.toml"
    bad.write_text("yaw = 20.0\n")
    with pytest.raises(InputError, match="no field 'yaw'"):
        load_recipe(str(bad))
    with pytest.raises(InputError, match="no such world"):
        load_recipe("nowhere")
    with pytest.raises(InputError, match="should be like"):
        Recipe.from_table({"yaw_deg": "far"}, "here")


@pytest.mark.head
def test_the_makehuman_world_draws_faces(head_folder):
    """Eyes, brows, lips and hair of the real mesh are where its landmarks say."""
    frame = render_face(7, 160, ("rgb", "parts14", "visible"), PRESETS["clean"])
    found = set(np.unique(frame.parts14))
    assert {1, 6} <= found
    skin = frame.rgb[frame.parts14 == 1].astype(float)
    assert skin.std() > 5

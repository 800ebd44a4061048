"""Everything of one frame, drawn from one number: who, in what pose, in what light, before what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.synthesis.camera import Camera
from core.synthesis.expression import PoseRange, sample_pose
from core.synthesis.irradiance import Light
from core.synthesis.landmarks import CameraStack, project_landmarks
from core.synthesis.lighting import sample_light
from core.synthesis.look import Look, sample_look
from core.synthesis.occluders import sample_kind
from core.synthesis.recipe import Recipe
from core.synthesis.shape import sample_shape
from core.synthesis.subject import head_files
from core.synthesis.template import Anchors, HeadPose, HeadShape, HeadTemplate

FloatArray = NDArray[np.float32]

# Streams of chance, so that a change in one part of the world leaves the others as they were.
WHO, POSE, LIGHT, VIEW, PROPS, BACKGROUND, CAMERA, NOISE, LOOK = range(9)


# Styles whose fringe hides an eye: people who wear them are rarer than the meshes.
_FRINGED = ("bob01", "bob02", "short03")


@dataclass(frozen=True)
class Prop:
    """Something in front of the face: kind and the number its form is drawn from."""

    kind: str
    seed: int


@dataclass(frozen=True)
class Scene:
    """What one frame shows."""

    shape: HeadShape
    look: Look
    pose: HeadPose
    light: Light
    props: tuple[Prop, ...]


def stream(seed: int, which: int) -> np.random.Generator:
    """One of the streams of chance of a seed."""
    return np.random.default_rng([which, seed])


@lru_cache(maxsize=4)
def _pictures(template: HeadTemplate) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return head_files(template, "skins")[1], head_files(template, "eyes")[1]


def sample_geometry(template: HeadTemplate, seed: int, recipe: Recipe) -> HeadShape:
    """Draw a person's shape, hair and hat."""
    rng = stream(seed, WHO)
    shape = sample_shape(seed, template)
    choices = dict(shape.choices)
    if choices.get("hair", "") in _FRINGED and rng.random() < 0.85:
        others = [h for h in template.options["hair"] if h and h not in _FRINGED]
        choices["hair"] = str(rng.choice(others))
    hats = [h for h in template.options.get("hat", ()) if h]
    choices["hat"] = str(rng.choice(hats)) if hats and rng.random() < recipe.hat_share else ""
    if choices["hat"]:
        choices["hair"] = ""  # a mesh would come through it; hair is painted on the scalp
    return replace(shape, choices=choices)


def sample_subject(template: HeadTemplate, seed: int, recipe: Recipe) -> tuple[HeadShape, Look]:
    """Draw a person: geometry, colours, glasses."""
    shape = sample_geometry(template, seed, recipe)
    rng = stream(seed, LOOK)
    look = sample_look(rng, shape, *_pictures(template))  # type: ignore[arg-type]
    glasses = ""
    if rng.random() < recipe.glasses_share:
        glasses = str(rng.choice(["rim", "thin", "sun"], p=[0.5, 0.35, 0.15]))
    if shape.choices.get("hair", "") or shape.choices.get("hat", ""):
        look = replace(look, scalp_hair=max(look.scalp_hair, 0.6))
    return shape, replace(look, glasses=glasses)


def sample_scene(template: HeadTemplate, seed: int, recipe: Recipe) -> Scene:
    """Draw a still frame's scene."""
    shape, look = sample_subject(template, seed, recipe)
    pose = draw_pose(stream(seed, POSE), recipe)
    rng = stream(seed, PROPS)
    props = []
    if rng.random() < recipe.occluded_share:
        props.append(Prop(sample_kind(rng), int(rng.integers(2**31))))
        if rng.random() < 0.15:
            props.append(Prop(sample_kind(rng), int(rng.integers(2**31))))
    return Scene(shape, look, pose, sample_light(stream(seed, LIGHT)), tuple(props))


def draw_pose(rng: np.random.Generator, recipe: Recipe) -> HeadPose:
    """Draw head turn, expression and gaze within the recipe's limits."""
    usual = PoseRange()
    narrow = min(1.0, recipe.yaw_deg / 40.0)
    ranges = PoseRange(
        recipe.frontal_share,
        (usual.yaw_deg[0] * narrow, usual.yaw_deg[1] * narrow, recipe.yaw_deg),
        (usual.pitch_deg[0] * narrow, usual.pitch_deg[1] * narrow, recipe.pitch_deg),
        (usual.roll_deg[0] * narrow, usual.roll_deg[1] * narrow, recipe.roll_deg),
    )
    pose = sample_pose(rng, ranges)
    if recipe.expression == 1.0:
        return pose
    return replace(pose, expression=pose.expression * np.float32(recipe.expression))


class View(NamedTuple):
    """How large, where and from how far a face is seen."""

    distance_dm: float  # camera to face: small = strong perspective
    eyes_share: float  # outer eye corners' distance *as from in front*, of the smaller side
    off_x: float  # the face's place off the middle, in smaller sides
    off_y: float


def draw_view(rng: np.random.Generator, recipe: Recipe) -> View:
    """Draw a view: distance log-uniform, place normal."""
    distance = float(np.exp(rng.uniform(np.log(4.5), np.log(22.0))))
    share = float(rng.uniform(*recipe.eye_distance_share))
    x, y = rng.normal(0, recipe.off_centre, 2).clip(-0.3, 0.3)
    return View(distance, share, float(x), float(y))


def frame_faces(
    anchors: Anchors, image_hw: tuple[int, int], views: Sequence[View]
) -> tuple[CameraStack, FloatArray]:
    """Cameras that show B faces as their views say.

    Args:
        anchors: Of B faces.
        image_hw: Size of every picture.
        views: One a face.

    Returns:
        The cameras, and the 68 landmarks in their pictures, (B, 68, 2).
    """
    table = np.array(views, np.float32)  # (B, 4)
    smaller = min(image_hw)
    marks = anchors.ibug68
    eyes_dm = np.linalg.norm(marks[:, 45] - marks[:, 36], axis=1)
    position = marks.mean(1)
    position[:, 2] += table[:, 0]
    middle = np.array([0.5 * (image_hw[1] - 1), 0.5 * (image_hw[0] - 1)], np.float32)
    focal = table[:, 1] * smaller / eyes_dm * table[:, 0]
    start = CameraStack(focal, np.tile(middle, (len(table), 1)), position)
    xy = project_landmarks(anchors, start)
    box = 0.5 * (xy.min(1) + xy.max(1))
    # Moving the principal point, not the camera, keeps the perspective as drawn.
    shift = middle + table[:, 2:] * smaller - box
    cameras = CameraStack(focal, start.centre_px + shift, position)
    return cameras, (xy + shift[:, None]).astype(np.float32)


def frame_face(anchors: Anchors, image_hw: tuple[int, int], view: View) -> Camera:
    """`frame_faces` for one face."""
    many = {name: getattr(anchors, name)[None] for name in _BATCHED}
    cameras, _ = frame_faces(replace(anchors, **many), image_hw, [view])
    x, y = cameras.centre_px[0]
    position = cameras.position[0]
    return Camera(
        float(cameras.focal_px[0]), (float(x), float(y)),
        (float(position[0]), float(position[1]), float(position[2])), image_hw,
    )  # fmt: skip


_BATCHED = ("ibug68", "wflw98", "jaw_rings", "brow_rings", "axes", "origin")

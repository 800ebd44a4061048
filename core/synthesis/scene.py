"""Everything of one frame, drawn from one number: who, in what pose, in what light, before what."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from core.synthesis.camera import Camera
from core.synthesis.expression import PoseRange, sample_pose
from core.synthesis.landmarks import landmark_points
from core.synthesis.lighting import sample_light
from core.synthesis.look import Look, sample_look
from core.synthesis.occluders import sample_kind
from core.synthesis.recipe import Recipe
from core.synthesis.shading import Light
from core.synthesis.shape import sample_shape
from core.synthesis.subject import head_files
from core.synthesis.template import HeadPose, HeadShape, HeadTemplate, PosedHead

FloatArray = NDArray[np.float32]

# Streams of chance, so that a change in one part of the world leaves the others as they were.
WHO, POSE, LIGHT, VIEW, PROPS, BACKGROUND, CAMERA, NOISE = range(8)


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


def sample_subject(template: HeadTemplate, seed: int, recipe: Recipe) -> tuple[HeadShape, Look]:
    """Draw a person: shape, hair, accessories, colours."""
    rng = stream(seed, WHO)
    shape = sample_shape(seed, template)
    choices = dict(shape.choices)
    if choices.get("hair", "") in _FRINGED and rng.random() < 0.85:
        others = [h for h in template.options["hair"] if h and h not in _FRINGED]
        choices["hair"] = str(rng.choice(others))
    hats = [h for h in template.options.get("hat", ()) if h]
    choices["hat"] = str(rng.choice(hats)) if hats and rng.random() < recipe.hat_share else ""
    if choices["hat"]:  # a hat sits on short hair or none
        short = [h for h in template.options.get("hair", ()) if h in ("", "short01", "short04")]
        choices["hair"] = str(rng.choice(short)) if short else ""
    shape = replace(shape, choices=choices)
    look = sample_look(rng, shape, *_pictures(template))
    glasses = ""
    if rng.random() < recipe.glasses_share:
        glasses = str(rng.choice(["rim", "thin", "sun"], p=[0.5, 0.35, 0.15]))
    if choices.get("hair", ""):
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


def frame_face(
    posed: PosedHead, image_hw: tuple[int, int], recipe: Recipe, rng: np.random.Generator
) -> Camera:
    """A camera that shows the face at a drawn size and place.

    Size is the image's share of the distance between the outer eye corners *as it would be from in
    front*, so that profiles are no larger than frontal faces.
    """
    height, width = image_hw
    smaller = min(image_hw)
    marks = posed.anchors.ibug68
    eyes_dm = float(np.linalg.norm(marks[45] - marks[36]))
    distance = float(np.exp(rng.uniform(np.log(4.5), np.log(22.0))))
    eyes_px = smaller * float(rng.uniform(*recipe.eye_distance_share))
    middle = (0.5 * (width - 1), 0.5 * (height - 1))
    centre = marks.mean(0)
    position = (float(centre[0]), float(centre[1]), float(centre[2]) + distance)
    camera = Camera(eyes_px / eyes_dm * distance, middle, position, image_hw)
    xy = camera.project(landmark_points(posed.anchors, camera))[0]
    box = 0.5 * (xy.min(0) + xy.max(0))
    wanted = np.asarray(middle) + rng.normal(0, recipe.off_centre * smaller, 2).clip(
        -0.3 * smaller, 0.3 * smaller
    )
    # Moving the principal point, not the camera, keeps the perspective as drawn.
    x, y = middle[0] + wanted[0] - box[0], middle[1] + wanted[1] - box[1]
    return replace(camera, centre_px=(float(x), float(y)))

"""The procedural face world: a number in, a picture with exact ground truth out.

`render_face` makes still frames for training; `core.synthesis.clip.Clip` makes videos of the same
people. Equal numbers give equal bytes on one machine.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.synthesis import labels, makehuman
from core.synthesis.accessories import glasses
from core.synthesis.background import sample_background
from core.synthesis.camera import Camera
from core.synthesis.degrade import CameraFaults, develop, sample_faults
from core.synthesis.hair import beard, wears_beard
from core.synthesis.landmarks import landmark_points
from core.synthesis.occluders import build_occluder
from core.synthesis.recipe import PRESETS, Recipe
from core.synthesis.render import Drawn, draw
from core.synthesis.scene import (
    BACKGROUND,
    CAMERA,
    NOISE,
    POSE,
    VIEW,
    Prop,
    Scene,
    draw_pose,
    draw_view,
    frame_face,
    frame_faces,
    sample_geometry,
    sample_scene,
    stream,
)
from core.synthesis.shading import linear_table
from core.synthesis.subject import ExtraMesh, Subject, prepare_subject, trunk_mesh
from core.synthesis.template import HeadTemplate, PosedHead, load_template

FloatArray = NDArray[np.float32]
Image = NDArray[np.uint8]

#: What a frame can hold besides its landmarks, which always come.
OUTPUTS = ("rgb", "visible", "parts14", "face5", "occlusion3", "depth")


@dataclass(frozen=True, eq=False)
class RenderedFrame:
    """One frame and its truth. What was not asked for is None (or missing in a dict)."""

    rgb: Image | None  # (H, W, 3)
    landmarks: dict[str, FloatArray]  # "ibug68", "ibug68_3d", "wflw98", "wflw98_3d": (M, 2) px
    visible: dict[str, NDArray[np.bool_]] = field(default_factory=dict)  # as landmarks: (M,)
    parts14: Image | None = None  # (H, W)
    face5: Image | None = None  # (H, W), complete regardless of occlusion
    occlusion3: Image | None = None  # (H, W)
    blobs: NDArray[np.int32] | None = None  # (H, W): 0 background, 1 face, ≥ 2 occluders
    depth: FloatArray | None = None  # (H, W) decimetres, inf = background
    subject: int = 0  # number of the person
    pose_deg: tuple[float, float, float] = (0.0, 0.0, 0.0)  # yaw, pitch, roll
    parameters: dict[str, Any] = field(default_factory=dict)  # shape, pose, look, camera


@lru_cache(maxsize=4)
def template_of(name: str) -> HeadTemplate:
    """The head template of a recipe, loaded once a process."""
    if name in ("auto", "makehuman") and makehuman.head_folder():
        return makehuman.load()
    return load_template(name)


def render_face(
    seed: int,
    size: int | tuple[int, int] = 256,
    outputs: Collection[str] = ("rgb",),
    recipe: Recipe | None = None,
) -> RenderedFrame:
    """Render one face of one new person.

    Args:
        seed: Decides everything.
        size: Side of the picture, or its (height, width).
        outputs: Which of `OUTPUTS` to make; landmarks always come.
        recipe: The world; None = the default one.

    Raises:
        InputError: If the head's folder is missing or incomplete.
    """
    recipe = recipe or PRESETS["default"]
    image_hw = (size, size) if isinstance(size, int) else size
    template = template_of(recipe.template)
    scene = sample_scene(template, seed, recipe)
    posed = template.deform(scene.shape, scene.pose)
    camera = frame_face(posed.anchors, image_hw, draw_view(stream(seed, VIEW), recipe))
    subject = prepare_subject(template, scene.shape, scene.look, texture_size(posed, camera))
    drawn = draw(subject, posed, scene.light, camera, extras_of(subject, posed, scene.props))
    rgb = None
    if "rgb" in outputs:
        eyes_px = eye_distance_px(posed, camera)
        faults = sample_faults(stream(seed, CAMERA), eyes_px, recipe.faults)
        behind = _background(seed, image_hw, recipe)
        rgb = photograph(drawn, behind, faults, stream(seed, NOISE))
    return truth(drawn, posed, scene, rgb, outputs, seed)


def render_faces(
    seeds: Iterable[int],
    size: int = 256,
    outputs: Collection[str] = ("rgb",),
    recipe: Recipe | None = None,
    workers: int = 1,
) -> Iterator[RenderedFrame]:
    """Render many faces, in the order of the seeds, on several processes.

    Args:
        seeds: One face each.
        size: As in `render_face`.
        outputs: As in `render_face`.
        recipe: As in `render_face`.
        workers: Processes; 1 = this one.
    """
    if workers <= 1:
        for seed in seeds:
            yield render_face(seed, size, outputs, recipe)
        return
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    jobs = ((seed, size, tuple(outputs), recipe) for seed in seeds)
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        pending = []
        for job in jobs:  # a bounded queue: a cache of 100,000 faces must not lie in memory
            pending.append(pool.submit(render_face, *job))
            if len(pending) >= 4 * workers:
                yield pending.pop(0).result()
        for waiting in pending:
            yield waiting.result()


def sample_landmarks(
    seeds: Sequence[int], size: int | tuple[int, int] = 256, recipe: Recipe | None = None
) -> FloatArray:
    """The 68 landmarks that `render_face` would give, without rendering. (N, 68, 2) float32."""
    recipe = recipe or PRESETS["default"]
    image_hw = (size, size) if isinstance(size, int) else size
    template = template_of(recipe.template)
    shapes = [sample_geometry(template, seed, recipe) for seed in seeds]
    poses = [draw_pose(stream(seed, POSE), recipe) for seed in seeds]
    anchors = template.anchors(shapes, poses)
    views = [draw_view(stream(seed, VIEW), recipe) for seed in seeds]
    return frame_faces(anchors, image_hw, views)[1]


def eye_distance_px(posed: PosedHead, camera: Camera) -> float:
    """Distance of the outer eye corners as seen from in front, pixels."""
    marks = posed.anchors.ibug68
    depth = camera.project(marks[27])[1]
    return float(np.linalg.norm(marks[45] - marks[36]) * camera.focal_px / depth)


def texture_size(posed: PosedHead, camera: Camera) -> int:
    """Side of the skin texture that gives about one texel a sample: 512, 1024 or 2048."""
    eyes_px = eye_distance_px(posed, camera)
    return 512 if eyes_px < 58 else 1024 if eyes_px < 130 else 2048


def extras_of(
    subject: Subject,
    posed: PosedHead,
    props: tuple[Prop, ...],
    shifts: tuple[tuple[float, float, float], ...] = (),
) -> tuple[ExtraMesh, ...]:
    """Chest, beard, glasses and occluders; `shifts` moves each prop (default: not at all)."""
    extras: list[ExtraMesh] = [*trunk_mesh(posed, subject)]
    if wears_beard(subject):
        extras.append(beard(subject, posed))
    if subject.look.glasses:
        extras += glasses(posed, subject.look.glasses, subject.look.seed)
    for index, prop in enumerate(props):
        shift = shifts[index] if shifts else (0.0, 0.0, 0.0)
        extras += build_occluder(prop.kind, prop.seed, subject, posed, shift)
    return tuple(extras)


def photograph(
    drawn: Drawn, behind: Image, faults: CameraFaults, rng: np.random.Generator
) -> Image:
    """Put the drawn head before a background and develop the picture, (H, W, 3) uint8."""
    light = linear_table()[behind]
    linear = drawn.rgba[..., :3] + (1.0 - drawn.rgba[..., 3:]) * light
    return develop(linear, faults, rng)


def _background(seed: int, image_hw: tuple[int, int], recipe: Recipe) -> Image:
    """Clutter, the user's pictures, or a picture of somebody else whose face is cut by the edge."""
    rng = stream(seed, BACKGROUND)
    folder = Path(recipe.background_folder) if recipe.background_folder else None
    if rng.random() >= recipe.other_face_share:
        return sample_background(rng, image_hw, folder)
    world = replace(
        recipe, other_face_share=0.0, faults=0.0, off_centre=0.0, eye_distance_share=(0.15, 0.35)
    )
    other = render_face(_OTHER_FACES + seed, image_hw, ("rgb",), world).rgb
    side = 1.0 if rng.random() < 0.5 else -1.0
    dx = side * float(rng.uniform(0.42, 0.6)) * image_hw[1]
    dy = float(rng.normal(0, 0.15)) * image_hw[0]
    moved = cv2.warpAffine(
        np.asarray(other), np.array([[1, 0, dx], [0, 1, dy]]), image_hw[::-1],
        borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip
    if rng.random() < 0.6:
        moved = cv2.GaussianBlur(moved, (0, 0), float(rng.uniform(0.5, 0.02 * max(image_hw) + 0.6)))
    return np.asarray(moved, np.uint8)


_OTHER_FACES = 1 << 40  # seeds of people in the background; nobody's own


def truth(
    drawn: Drawn,
    posed: PosedHead,
    scene: Scene,
    rgb: Image | None,
    outputs: Collection[str],
    subject_number: int,
) -> RenderedFrame:
    """Everything that is known about a drawn frame, as far as it was asked for."""
    landmarks: dict[str, FloatArray] = {}
    visible: dict[str, NDArray[np.bool_]] = {}
    for scheme in ("ibug68", "wflw98"):
        for convention, suffix in (("2d", ""), ("3d", "_3d")):
            points = landmark_points(posed.anchors, drawn.camera, scheme, convention)  # type: ignore[arg-type]
            landmarks[scheme + suffix] = drawn.camera.project(points)[0]
            if "visible" in outputs:
                visible[scheme + suffix] = labels.visible(points, drawn)
    image_hw = drawn.camera.image_hw
    scalp_is_hair = scene.look.scalp_hair > 0.3
    occlusion, blobs = labels.occlusion3(drawn) if "occlusion3" in outputs else (None, None)
    turn = np.degrees([scene.pose.yaw, scene.pose.pitch, scene.pose.roll])
    return RenderedFrame(
        rgb=rgb,
        landmarks=landmarks,
        visible=visible,
        parts14=labels.parts14(drawn.labels, scalp_is_hair) if "parts14" in outputs else None,
        face5=labels.face5(landmarks["ibug68"], image_hw) if "face5" in outputs else None,
        occlusion3=occlusion,
        blobs=blobs,
        depth=labels.depth_map(drawn) if "depth" in outputs else None,
        subject=subject_number,
        pose_deg=(float(turn[0]), float(turn[1]), float(turn[2])),
        parameters={
            "shape": scene.shape,
            "pose": scene.pose,
            "look": scene.look,
            "props": scene.props,
            "camera": drawn.camera,
        },
    )

"""Pictures for the documentation: the landmark conventions on a rendered face."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.synthesis.camera import Camera
from core.synthesis.degrade import CameraFaults
from core.synthesis.landmarks import landmark_points
from core.synthesis.recipe import PRESETS
from core.synthesis.render import draw
from core.synthesis.scene import NOISE, View, frame_face, sample_scene, stream
from core.synthesis.subject import prepare_subject
from core.synthesis.template import HeadPose, PosedHead
from core.synthesis.world import extras_of, photograph, template_of, texture_size

Image = NDArray[Any]  # (H, W, 3) uint8; OpenCV's stubs know no more

PERSON = 90_017
"""Whose face the figure shows."""
_TURNS_DEG = (0.0, 45.0)
_COLOURS = {"2d": (255, 230, 40), "3d": (60, 220, 255)}
_APART_PX = 3.0  # conventions that lie nearer count as one point


def conventions_figure(template: str = "auto", size: int = 720) -> Image:
    """One face from in front and turned by 45°, the 68 points numbered.

    Points of the `2d` convention are yellow; where the `3d` one differs it is cyan, with a line
    between the two.

    Args:
        template: As `Recipe.template`.
        size: Side of each of the two pictures, pixels.

    Returns:
        (size, 2 · size, 3) uint8.
    """
    return np.hstack([_turned_face(template, yaw, size) for yaw in _TURNS_DEG])


def _turned_face(template_name: str, yaw_deg: float, size: int) -> Image:
    recipe = replace(PRESETS["clean"], template=template_name, glasses_share=0.0, hat_share=0.0)
    template = template_of(recipe.template)
    scene = sample_scene(template, PERSON, recipe)
    look = replace(scene.look, stubble=0.0)
    shape = replace(scene.shape, choices=scene.shape.choices | {"hair": ""})
    posed = template.deform(shape, HeadPose(yaw=float(np.radians(yaw_deg))))
    camera = frame_face(posed.anchors, (size, size), View(14.0, 0.42, 0.0, 0.0))
    subject = prepare_subject(template, shape, look, texture_size(posed, camera))
    drawn = draw(subject, posed, scene.light, camera, extras_of(subject, posed, ()))
    plain = np.full((size, size, 3), 90, np.uint8)
    picture = photograph(drawn, plain, CameraFaults(), stream(PERSON, NOISE))
    return _with_points(picture, posed, camera)


def _with_points(picture: Image, posed: PosedHead, camera: Camera) -> Image:
    marked = np.ascontiguousarray(picture)
    flat, fixed = (
        camera.project(landmark_points(posed.anchors, camera, "ibug68", convention))[0]
        for convention in ("2d", "3d")
    )  # type: ignore[misc]
    for number, (a, b) in enumerate(zip(flat, fixed, strict=True)):
        if np.hypot(*(a - b)) > _APART_PX:
            cv2.line(marked, _pixel(a), _pixel(b), _COLOURS["3d"], 1, cv2.LINE_AA)
            cv2.circle(marked, _pixel(b), 3, _COLOURS["3d"], -1, cv2.LINE_AA)
        cv2.circle(marked, _pixel(a), 3, _COLOURS["2d"], -1, cv2.LINE_AA)
        _number(marked, number, a)
    return marked


def _number(picture: Image, number: int, at: NDArray[np.floating]) -> None:
    """White on a dark outline, above the point (below it for lower lids and lips)."""
    below = number in (40, 41, 46, 47, *range(55, 60), *range(65, 68))
    place = _pixel(at + np.array([-6.0, 13.0 if below else -6.0]))
    for colour, width in (((20, 20, 20), 3), ((255, 255, 255), 1)):
        font = cv2.FONT_HERSHEY_SIMPLEX
        cv2.putText(picture, str(number), place, font, 0.34, colour, width, cv2.LINE_AA)


def _pixel(point: NDArray[np.floating]) -> tuple[int, int]:
    x, y = (round(float(v)) for v in point)
    return x, y

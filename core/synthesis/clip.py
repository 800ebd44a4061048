"""Clips: the same people moving, with cuts, passing occluders and changing light.

`Clip(seed, frames, image_hw)` is a list of shots planned at once; `frame(t)` renders any frame in
any order, and equal numbers give equal bytes. Optical flow between two frames of a shot follows
from the mesh.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from core.synthesis import labels
from core.synthesis.background import sample_background
from core.synthesis.camera import Camera
from core.synthesis.degrade import CameraFaults, sample_faults
from core.synthesis.landmarks import CameraStack, project_landmarks
from core.synthesis.recipe import PRESETS, Recipe
from core.synthesis.render import Drawn, draw, join
from core.synthesis.scene import (
    BACKGROUND,
    CAMERA,
    NOISE,
    PROPS,
    VIEW,
    Prop,
    Scene,
    draw_view,
    frame_face,
    sample_scene,
    stream,
)
from core.synthesis.shot_motion import ShotMotion, plan_motion, wander
from core.synthesis.subject import Subject, prepare_subject
from core.synthesis.template import PosedHead
from core.synthesis.world import (
    RenderedFrame,
    extras_of,
    eye_distance_px,
    photograph,
    template_of,
    texture_size,
    truth,
)

FloatArray = NDArray[np.float32]
Image = NDArray[np.uint8]

_PEOPLE_PER_CLIP = 64  # subject numbers of a clip: seed × 64 + 0, 1, …
_FIRST_SUBJECT = 1 << 24  # numbers below belong to `render_face`


@dataclass(frozen=True, eq=False)
class Shot:
    """A stretch without a cut."""

    start: int
    stop: int
    subject: int  # number of the person
    scene: Scene
    camera: Camera  # of a frame without pan
    pan_px: FloatArray  # (T, 2) the picture's shift through time
    motion: ShotMotion
    shifts: tuple[FloatArray, ...]  # a prop's way, (T, 3) decimetres in the head's axes
    brightness: FloatArray  # (T,) factor on the key light
    faults: CameraFaults
    seed: int


class Clip:
    """A synthetic video with exact ground truth.

    Args:
        seed: Decides everything.
        frames: Length.
        image_hw: Size.
        recipe: The world; None = the default one. Easy stretches (frontal, unoccluded) and hard
            ones alternate whatever it says.
        fps: Frames a second, for the speed of motion.
        cut_every_s: Mean length of a shot; shots are at least 1.5 s.
        subject: Number of the person in every shot; None = drawn, one or several.
    """

    def __init__(
        self,
        seed: int,
        frames: int,
        image_hw: tuple[int, int] = (256, 256),
        recipe: Recipe | None = None,
        fps: float = 25.0,
        cut_every_s: float = 8.0,
        subject: int | None = None,
    ) -> None:
        self.seed, self.frames, self.image_hw, self.fps = seed, frames, image_hw, fps
        self.recipe = recipe or PRESETS["default"]
        self._template = template_of(self.recipe.template)
        rng = np.random.default_rng([0xC11, seed])
        bounds = _cuts(rng, frames, fps, cut_every_s)
        people = _cast(rng, len(bounds) - 1, seed, subject)
        self.shots = tuple(
            self._plan(number, bounds[number], bounds[number + 1], person)
            for number, person in enumerate(people)
        )
        lengths = [shot.stop - shot.start for shot in self.shots]
        self.shot_of: NDArray[np.int64] = np.repeat(np.arange(len(lengths)), lengths)
        self._subject = lru_cache(maxsize=2)(self._prepare)
        self._canvas = lru_cache(maxsize=2)(self._draw_canvas)

    def frame(self, index: int, outputs: Collection[str] = ("rgb",)) -> RenderedFrame:
        """Render one frame.

        Args:
            index: 0 ≤ index < frames.
            outputs: As in `core.synthesis.world.render_face`.

        Raises:
            IndexError: If there is no such frame.
        """
        shot, drawn, posed = self._drawn(index)
        rgb = None
        if "rgb" in outputs:
            faults = replace(shot.faults, **self._streak(shot, index))
            rng = stream(shot.seed + index, NOISE)
            rgb = photograph(drawn, self._behind(shot, index), faults, rng)
        scene = replace(shot.scene, pose=shot.motion.poses[index - shot.start])
        return truth(drawn, posed, scene, rgb, outputs, shot.subject)

    def flow(self, index: int, other: int) -> FloatArray:
        """Where the pixels of one frame go in another frame of the same shot.

        Returns:
            (H, W, 2) float32 pixels. Background pixels move with the camera's pan. Whether a point
            can be *seen* in the other frame is not asked.

        Raises:
            ValueError: If a cut lies between the frames.
        """
        if self.shot_of[index] != self.shot_of[other]:
            raise ValueError(f"a cut lies between frames {index} and {other}: no flow exists")
        shot, drawn, _ = self._drawn(index)
        posed = self._posed(shot, other)
        subject = self._subject(int(self.shot_of[other]))
        shifts = tuple(_at(s, other - shot.start) for s in shot.shifts)
        _, points = join(subject, posed, extras_of(subject, posed, shot.scene.props, shifts))
        result = labels.flow(drawn, points, self._camera(shot, other))
        pan = shot.pan_px[other - shot.start] - shot.pan_px[index - shot.start]
        return np.where(np.isnan(result), pan.astype(np.float32), result)

    def landmarks(self) -> FloatArray:
        """The 68 landmarks of all frames without rendering, (frames, 68, 2)."""
        parts = []
        for shot in self.shots:
            poses = shot.motion.poses
            anchors = self._template.anchors([shot.scene.shape] * len(poses), poses)
            cameras = [self._camera(shot, t) for t in range(shot.start, shot.stop)]
            parts.append(project_landmarks(anchors, CameraStack.of(cameras)))
        return np.concatenate(parts)

    def _plan(self, number: int, start: int, stop: int, person: int) -> Shot:
        """Plan one shot; every third is an easy stretch."""
        seed = self.seed * 1009 + number * 31 + 7
        recipe = PRESETS["frontal"] if number % 3 == 0 else self.recipe
        recipe = replace(
            recipe, template=self.recipe.template, background_folder=self.recipe.background_folder
        )
        who = sample_scene(self._template, person, recipe)
        where = sample_scene(self._template, seed, recipe)
        scene = replace(where, shape=who.shape, look=who.look)
        length = stop - start
        motion = plan_motion(seed, length, self.fps, scene.pose, recipe.expression)
        posed = self._template.deform(scene.shape, motion.poses[0])
        camera = frame_face(posed.anchors, self.image_hw, draw_view(stream(seed, VIEW), recipe))
        rng = stream(seed, CAMERA)
        sway = float(rng.uniform(0, 0.012)) * min(self.image_hw)
        pan = np.stack([wander(rng, length, self.fps, 1.2) * sway for _ in range(2)], 1)
        faults = sample_faults(rng, eye_distance_px(posed, camera), recipe.faults)
        change = wander(rng, length, self.fps, 2.5) * (0.35 if rng.random() < 0.4 else 0.05)
        return Shot(
            start, stop, person, scene, camera, pan.astype(np.float32), motion,
            _ways(stream(seed, PROPS), scene.props, length, self.fps),
            np.exp(change).astype(np.float32), replace(faults, motion_px=0.0), seed,
        )  # fmt: skip

    def _prepare(self, number: int) -> Subject:
        shot = self.shots[number]
        posed = self._posed(shot, shot.start)
        size = texture_size(posed, shot.camera)
        return prepare_subject(self._template, shot.scene.shape, shot.scene.look, size)

    def _posed(self, shot: Shot, index: int) -> PosedHead:
        return self._template.deform(shot.scene.shape, shot.motion.poses[index - shot.start])

    def _camera(self, shot: Shot, index: int) -> Camera:
        x, y = shot.camera.centre_px
        dx, dy = (float(v) for v in shot.pan_px[index - shot.start])
        return replace(shot.camera, centre_px=(x + dx, y + dy))

    def _drawn(self, index: int) -> tuple[Shot, Drawn, PosedHead]:
        if not 0 <= index < self.frames:
            raise IndexError(f"frame {index} of a clip of {self.frames}")
        number = int(self.shot_of[index])
        shot = self.shots[number]
        subject, posed = self._subject(number), self._posed(shot, index)
        shifts = tuple(_at(s, index - shot.start) for s in shot.shifts)
        extras = extras_of(subject, posed, shot.scene.props, shifts)
        light = shot.scene.light
        light = replace(light, key_rgb=light.key_rgb * shot.brightness[index - shot.start])
        return shot, draw(subject, posed, light, self._camera(shot, index), extras), posed

    def _draw_canvas(self, number: int) -> Image:
        """The background of a shot, with a margin for the pan."""
        shot = self.shots[number]
        margin = 2 * int(np.ceil(np.abs(shot.pan_px).max() + 2))
        hw = (self.image_hw[0] + margin, self.image_hw[1] + margin)
        folder = Path(self.recipe.background_folder) if self.recipe.background_folder else None
        return sample_background(stream(shot.seed, BACKGROUND), hw, folder)

    def _behind(self, shot: Shot, index: int) -> Image:
        canvas = self._canvas(int(self.shot_of[index]))
        height, width = self.image_hw
        pan = shot.pan_px[index - shot.start]
        x = pan[0] - (canvas.shape[1] - width) / 2
        y = pan[1] - (canvas.shape[0] - height) / 2
        matrix = np.array([[1, 0, x], [0, 1, y]], np.float64)
        moved = cv2.warpAffine(
            canvas, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
        )
        return np.asarray(moved, np.uint8)

    def _streak(self, shot: Shot, index: int) -> dict[str, float]:
        """Motion blur as long as the face moves while the shutter is open (a third of a frame)."""
        first = max(min(index, shot.stop - 2), shot.start)
        if shot.stop - shot.start < 2 or self.recipe.faults == 0:
            return {"motion_px": 0.0, "motion_rad": 0.0}
        origins = [
            self._camera(shot, t).project(self._posed(shot, t).anchors.ibug68[33])[0]
            for t in (first, first + 1)
        ]
        step = origins[1] - origins[0]
        return {
            "motion_px": float(np.hypot(*step)) / 3.0,
            "motion_rad": float(np.arctan2(step[1], step[0])),
        }


def _at(way: FloatArray, step: int) -> tuple[float, float, float]:
    x, y, z = (float(v) for v in way[step])
    return x, y, z


def _cuts(rng: np.random.Generator, frames: int, fps: float, every_s: float) -> list[int]:
    """First frames of the shots, and the end."""
    least = max(2, round(1.5 * fps))
    bounds = [0]
    while True:
        length = max(least, round(rng.exponential(every_s) * fps))
        if bounds[-1] + length > frames - least:
            return [*bounds, frames]
        bounds.append(bounds[-1] + length)


def _cast(rng: np.random.Generator, shots: int, seed: int, subject: int | None) -> list[int]:
    """Who is in each shot: often somebody seen before."""
    if subject is not None:
        return [subject] * shots
    first = _FIRST_SUBJECT + seed * _PEOPLE_PER_CLIP
    people, known = [], 0
    for _ in range(shots):
        if known == 0 or (rng.random() < 0.4 and known < _PEOPLE_PER_CLIP):
            people.append(first + known)
            known += 1
        else:
            people.append(first + int(rng.integers(known)))
    return people


def _ways(
    rng: np.random.Generator, props: tuple[Prop, ...], length: int, fps: float
) -> tuple[FloatArray, ...]:
    """How each prop moves before the face: it passes, comes and goes, or stays and trembles."""
    ways = []
    time = np.arange(length) / fps
    for prop in props:
        way = np.zeros((length, 3))
        tremble = np.stack([wander(rng, length, fps, 0.4) for _ in range(3)], 1)
        if prop.kind not in ("mask", "strands", "scarf"):
            way += 0.06 * tremble
            angle = rng.uniform(0, 2 * np.pi)
            aside = 4.5 * np.array([np.cos(angle), np.sin(angle), 0.1])
            middle, half = rng.uniform(0, max(time[-1], 0.1)), rng.uniform(0.4, 2.0)
            if rng.random() < 0.5:  # comes and goes
                away = np.clip((np.abs(time - middle) - half) / 0.6, 0, 1)
                way += (away * away * (3 - 2 * away))[:, None] * aside
            elif rng.random() < 0.6:  # passes
                way += np.clip((time - middle) / half, -1.5, 1.5)[:, None] * aside
        ways.append(way.astype(np.float32))
    return tuple(ways)

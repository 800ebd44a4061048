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
from core.synthesis.motion import Motion, MotionSettings
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
from core.synthesis.signals import smooth_noise
from core.synthesis.subject import Subject, prepare_subject
from core.synthesis.template import HeadPose, PosedHead
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
    poses: tuple[HeadPose, ...]
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
        subject: Number of the person in every shot; None = drawn, one or several.
        settings: How lively people are and how often a cut comes; None = from the recipe.
    """

    def __init__(
        self,
        seed: int,
        frames: int,
        image_hw: tuple[int, int] = (256, 256),
        recipe: Recipe | None = None,
        fps: float = 25.0,
        subject: int | None = None,
        settings: MotionSettings | None = None,
    ) -> None:
        self.seed, self.frames, self.image_hw, self.fps = seed, frames, image_hw, fps
        self.recipe = recipe or PRESETS["default"]
        self._template = template_of(self.recipe.template)
        motion = Motion(seed, frames, fps, settings or _settings_of(self.recipe))
        first = _FIRST_SUBJECT + seed * _PEOPLE_PER_CLIP
        self.shots = tuple(
            self._plan(
                number, planned.start, planned.stop, planned.hard,
                first + planned.subject if subject is None else subject,
                tuple(motion.pose(t) for t in range(planned.start, planned.stop)),
            )
            for number, planned in enumerate(motion.shots)
        )  # fmt: skip
        lengths = [shot.stop - shot.start for shot in self.shots]
        self.shot_of: NDArray[np.int64] = np.repeat(np.arange(len(lengths)), lengths)
        self._subject = lru_cache(maxsize=2)(self._prepare)
        self._canvas = lru_cache(maxsize=2)(self._draw_canvas)
        self._nose = lru_cache(maxsize=8)(self._nose_track)

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
            length, angle = self._streak(shot, index)
            faults = replace(shot.faults, motion_px=length, motion_rad=angle)
            rng = stream(shot.seed + index, NOISE)
            rgb = photograph(drawn, self._behind(shot, index), faults, rng)
        scene = replace(shot.scene, pose=shot.poses[index - shot.start])
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
        return np.concatenate([self._landmarks_of(shot) for shot in self.shots])

    def _landmarks_of(self, shot: Shot) -> FloatArray:
        anchors = self._template.anchors([shot.scene.shape] * len(shot.poses), shot.poses)
        cameras = [self._camera(shot, t) for t in range(shot.start, shot.stop)]
        return project_landmarks(anchors, CameraStack.of(cameras))

    def _nose_track(self, number: int) -> FloatArray:
        """Where the base of the nose is through a shot, (T, 2)."""
        return self._landmarks_of(self.shots[number])[:, 33]

    def _plan(
        self, number: int, start: int, stop: int, hard: bool, person: int,
        poses: tuple[HeadPose, ...],
    ) -> Shot:  # fmt: skip
        """Plan one shot; easy stretches are framed and lit kindly and have nothing in front."""
        seed = self.seed * 1009 + number * 31 + 7
        recipe = self.recipe
        if not hard:
            recipe = replace(recipe, occluded_share=0.0, faults=min(recipe.faults, 0.4))
        who = sample_scene(self._template, person, recipe)
        where = sample_scene(self._template, seed, recipe)
        if recipe.expression != 1.0:
            factor = np.float32(recipe.expression)
            poses = tuple(replace(p, expression=p.expression * factor) for p in poses)
        scene = replace(where, shape=who.shape, look=who.look, pose=poses[0])
        length = stop - start
        posed = self._template.deform(scene.shape, poses[length // 2])
        camera = frame_face(posed.anchors, self.image_hw, draw_view(stream(seed, VIEW), recipe))
        rng = stream(seed, CAMERA)
        sway = float(rng.uniform(0, 0.012)) * min(self.image_hw)
        pan = np.stack([smooth_noise(rng, length, self.fps, 1.2) * sway for _ in range(2)], 1)
        faults = sample_faults(rng, eye_distance_px(posed, camera), recipe.faults)
        swing = 0.35 if hard and rng.random() < 0.5 else 0.05
        change = smooth_noise(rng, length, self.fps, 2.5) * swing
        return Shot(
            start, stop, person, scene, camera, pan.astype(np.float32), poses,
            _ways(stream(seed, PROPS), scene.props, length, self.fps),
            np.exp(change).astype(np.float32), replace(faults, motion_px=0.0), seed,
        )  # fmt: skip

    def _prepare(self, number: int) -> Subject:
        shot = self.shots[number]
        posed = self._posed(shot, shot.start)
        size = texture_size(posed, shot.camera)
        return prepare_subject(self._template, shot.scene.shape, shot.scene.look, size)

    def _posed(self, shot: Shot, index: int) -> PosedHead:
        return self._template.deform(shot.scene.shape, shot.poses[index - shot.start])

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

    def _streak(self, shot: Shot, index: int) -> tuple[float, float]:
        """Motion blur as long as the face moves while the shutter is open (a third of a frame)."""
        first = max(min(index, shot.stop - 2), shot.start)
        if shot.stop - shot.start < 2 or self.recipe.faults == 0:
            return 0.0, 0.0
        track = self._nose(int(self.shot_of[index]))
        step = track[first + 1 - shot.start] - track[first - shot.start]
        return float(np.hypot(*step)) / 3.0, float(np.arctan2(step[1], step[0]))


def _at(way: FloatArray, step: int) -> tuple[float, float, float]:
    x, y, z = (float(v) for v in way[step])
    return x, y, z


def _settings_of(recipe: Recipe) -> MotionSettings:
    """Liveliness that keeps heads within the recipe's angles; hard shots where things may hide."""
    usual = MotionSettings()

    def within(spread: tuple[float, float], largest: float) -> tuple[float, float]:
        return min(spread[0], largest / 3), min(spread[1], largest / 2.5)

    return replace(
        usual,
        hard_share=float(np.clip(0.15 + 0.6 * recipe.occluded_share, 0.0, 1.0)),
        yaw_deg=within(usual.yaw_deg, recipe.yaw_deg),
        pitch_deg=within(usual.pitch_deg, recipe.pitch_deg),
        roll_deg=within(usual.roll_deg, recipe.roll_deg),
    )


def _ways(
    rng: np.random.Generator, props: tuple[Prop, ...], length: int, fps: float
) -> tuple[FloatArray, ...]:
    """How each prop moves before the face: it passes, comes and goes, or stays and trembles."""
    ways = []
    time = np.arange(length) / fps
    for prop in props:
        way = np.zeros((length, 3))
        tremble = np.stack([smooth_noise(rng, length, fps, 0.4) for _ in range(3)], 1)
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

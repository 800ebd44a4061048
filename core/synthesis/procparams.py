"""The numbers a procedural face is made of, from a `HeadShape` and a `HeadPose`.

Lengths are decimetres, origin midway between the eyeball centres; pairs are (right, left) of the
person. The mean values were measured by eye on drawings of adult heads.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.synthesis.template import EXPRESSION_INDEX, HeadPose, HeadShape

FloatArray = NDArray[np.float32]

#: Identity modes: name -> what weight 1 changes, as a share of the mean value.
MODES: dict[str, float] = {
    "head-width": 0.12,
    "head-height": 0.12,
    "jaw-width": 0.2,
    "chin-length": 0.12,
    "chin-depth": 0.5,
    "cheek-bones": 0.7,
    "brow-ridge": 0.8,
    "brow-height": 0.25,
    "brow-arch": 0.7,
    "brow-thickness": 0.5,
    "eye-spacing": 0.12,
    "eye-size": 0.15,
    "eye-tilt": 1.0,
    "nose-width": 0.3,
    "nose-length": 0.15,
    "nose-depth": 0.35,
    "mouth-width": 0.2,
    "mouth-height": 0.06,
    "lip-thickness": 0.45,
    "ear-size": 0.2,
    "asym-mouth": 0.06,
    "asym-brow": 0.2,
}


@dataclass(frozen=True)
class FaceParams:
    """One face in one moment."""

    width: float  # factor of the head's half width
    height: float  # factor of everything above the eyes
    jaw: float  # factor of the half width at the jaw
    chin_y: float  # height of the chin's bottom
    chin_z: float  # how far the chin stands forward
    cheek: float
    ridge: float
    brow_y: tuple[float, float]  # inner end, above the eyes
    brow_inner: tuple[float, float]  # raised inner ends
    brow_outer: tuple[float, float]
    brow_arch: float
    brow_thickness: float
    eye_x: float  # half the distance of the eyeball centres
    eye_width: float  # half the length of the lid opening
    lid_up: tuple[float, float]  # how far the upper margin stands above the corners
    lid_low: tuple[float, float]
    eye_tilt: float
    nose_width: float
    nose_y: float  # height of the base
    nose_z: float
    mouth_y: float
    mouth_width: float  # half
    corner_y: tuple[float, float]
    upper: float  # thickness of the upper lip
    lower: float
    gap_up: float  # parted lips without the jaw
    gap_low: float
    pout: float
    drop: float  # how far the jaw hangs
    ear: float
    neck: float  # factor of the neck's half width
    shoulders: float


def face_params(shape: HeadShape, pose: HeadPose) -> FaceParams:
    """Evaluate a subject in one expression."""

    def mode(name: str) -> float:
        return 1.0 + MODES[name] * shape.modes.get(name, 0.0)

    def unit(name: str) -> float:
        return float(pose.expression[EXPRESSION_INDEX[name]])

    male, african, asian = shape.gender - 0.5, shape.ancestry[0], shape.ancestry[1]
    heavy = shape.weight - 0.5
    smile = unit("mouth-corner-puller") + 0.5 * unit("mouth-upward-retraction")
    pucker = unit("mouth-pursing") + 0.5 * unit("mouth-protusion")
    wide = 0.25 * smile + 0.15 * unit("mouth-retraction") + 0.1 * unit("mouth-depression")
    corner = 0.07 * smile - 0.09 * unit("mouth-depression") - 0.04 * unit("neck-platysma")
    skew = MODES["asym-mouth"] * shape.modes.get("asym-mouth", 0.0)
    lip = mode("lip-thickness") * (1.0 + 0.35 * african - 0.1 * male)
    lip *= 1.0 - 0.5 * unit("mouth-compression") + 0.3 * unit("mouth-eversion")
    size = mode("eye-size")
    return FaceParams(
        width=mode("head-width") * (1.0 + 0.08 * heavy),
        height=mode("head-height"),
        jaw=mode("jaw-width") * (1.0 + 0.1 * male + 0.15 * heavy),
        chin_y=-1.11 * mode("chin-length") * (1.0 + 0.05 * male),
        chin_z=0.08 * mode("chin-depth") * (1.0 + 0.4 * male),
        cheek=0.05 * mode("cheek-bones") * (1.0 + 0.4 * asian),
        ridge=0.045 * mode("brow-ridge") * (1.0 + 0.8 * male),
        brow_y=_brows(shape, unit),
        brow_inner=_sides(lambda s: 0.07 * unit(f"eyebrows-{s}-inner-up")),
        brow_outer=_sides(lambda s: 0.06 * unit(f"eyebrows-{s}-extern-up")),
        brow_arch=0.035 * mode("brow-arch") * (1.0 - 0.5 * male),
        brow_thickness=0.075 * mode("brow-thickness") * (1.0 + 0.5 * male),
        eye_x=0.305 * mode("eye-spacing"),
        eye_width=0.145 * size,
        lid_up=_sides(lambda s: size * _lid(unit, s, 0.068 - 0.014 * asian, -0.041)),
        lid_low=_sides(lambda s: size * _lid(unit, s, -0.043, -0.045)),
        eye_tilt=0.012 * (mode("eye-tilt") - 1.0 + 0.6 * asian),
        nose_width=mode("nose-width") * (1.0 + 0.3 * african) * (1.0 + 0.15 * smile),
        nose_y=-0.47 * mode("nose-length"),
        nose_z=mode("nose-depth") * (1.0 - 0.25 * asian - 0.2 * african),
        mouth_y=-0.67 * mode("mouth-height"),
        mouth_width=0.25 * mode("mouth-width") * (1.0 + wide - 0.35 * pucker),
        corner_y=(corner + skew, corner - skew),
        upper=0.07 * lip,
        lower=0.085 * lip,
        gap_up=_parted(unit, up=True),
        gap_low=_parted(unit, up=False),
        pout=0.1 * pucker + 0.04 * unit("mouth-eversion"),
        drop=0.34 * unit("mouth-open"),
        ear=mode("ear-size"),
        neck=1.0 + 0.16 * male + 0.2 * heavy + 0.1 * (shape.muscle - 0.5),
        shoulders=1.0 + 0.14 * male + 0.1 * heavy,
    )


def _sides(value: Callable[[str], float]) -> tuple[float, float]:
    return value("right"), value("left")


def _brows(shape: HeadShape, unit: Callable[[str], float]) -> tuple[float, float]:
    height = 0.185 * (1.0 + MODES["brow-height"] * shape.modes.get("brow-height", 0.0))
    skew = 0.2 * MODES["asym-brow"] * shape.modes.get("asym-brow", 0.0)

    def side(name: str) -> float:
        moved = 0.08 * unit(f"eyebrows-{name}-up") - 0.06 * unit(f"eyebrows-{name}-down")
        return height + moved + (skew if name == "left" else -skew)

    return _sides(side)


def _lid(unit: Callable[[str], float], side: str, open_y: float, closed_y: float) -> float:
    """Height of a lid margin between open and closed; slits close half-way, wide opens more."""
    closed = min(unit(f"eye-{side}-closure") + 0.5 * unit(f"eye-{side}-slit"), 1.0)
    wide = 1.0 + 0.3 * unit(f"eye-{side}-opened-up")
    return open_y * wide * (1.0 - closed) + closed_y * closed


def _parted(unit: Callable[[str], float], up: bool) -> float:
    """Half the opening of lips that part while the jaw stays, decimetres."""
    both = 0.05 * unit("mouth-part-later") + 0.04 * unit("mouth-parling")
    both += 0.03 * unit("mouth-protusion")
    if up:
        return both + 0.04 * unit("mouth-elevation") + 0.04 * unit("mouth-upward-retraction")
    return both + 0.06 * unit("mouth-depression-retraction")

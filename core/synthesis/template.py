"""What a head is to the rest of the world: layers of triangles that a shape and a pose deform.

Two sources fulfil `HeadTemplate`: `makehuman` (a CC0 head read from the folder `LINEAMENT_HEAD`)
and `procedural` (formulas only). Coordinates are decimetres, right-handed: x to the *viewer's*
right (the person's left), y up, z towards the viewer; the origin lies midway between the eyeball
centres of the unposed head. "left" is always the person's left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from enum import IntEnum
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
LayerKind = Literal["skin", "eye", "brow", "lash", "hair", "teeth", "tongue", "hat"]

#: The 34 action-unit-like shapes of MakeHuman; both templates know them all. Weights 0…1.
EXPRESSION_UNITS: tuple[str, ...] = (
    "eye-left-closure",
    "eye-left-opened-up",
    "eye-left-slit",
    "eye-right-closure",
    "eye-right-opened-up",
    "eye-right-slit",
    "eyebrows-left-down",
    "eyebrows-left-extern-up",
    "eyebrows-left-inner-up",
    "eyebrows-left-up",
    "eyebrows-right-down",
    "eyebrows-right-extern-up",
    "eyebrows-right-inner-up",
    "eyebrows-right-up",
    "mouth-compression",
    "mouth-corner-puller",
    "mouth-depression-retraction",
    "mouth-depression",
    "mouth-elevation",
    "mouth-eversion",
    "mouth-open",
    "mouth-parling",
    "mouth-part-later",
    "mouth-protusion",
    "mouth-pursing",
    "mouth-retraction",
    "mouth-upward-retraction",
    "neck-platysma",
    "nose-compression",
    "nose-depression",
    "nose-left-dilatation",
    "nose-left-elevation",
    "nose-right-dilatation",
    "nose-right-elevation",
)
EXPRESSION_INDEX = {name: index for index, name in enumerate(EXPRESSION_UNITS)}


class Part(IntEnum):
    """What a triangle shows; the labels of every mask scheme are made from these."""

    SKIN = 0
    NOSE = 1
    UPPER_LIP = 2
    LOWER_LIP = 3
    MOUTH_INSIDE = 4
    TEETH = 5
    TONGUE = 6
    EYE_LEFT = 7
    EYE_RIGHT = 8
    EAR_LEFT = 9
    EAR_RIGHT = 10
    NECK = 11
    BODY = 12
    SCALP = 13
    BROW_LEFT = 14
    BROW_RIGHT = 15
    LASHES = 16
    HAIR = 17
    BEARD = 18
    GLASSES = 19
    HAT = 20
    OCCLUDER = 21


@dataclass(frozen=True, eq=False)
class MeshLayer:
    """Topology of one mesh of a head; positions come from `PosedHead.vertices`."""

    name: str  #: "skin", "eyes", "brows", … unique within a head
    kind: LayerKind
    triangles: NDArray[np.int32]  #: (F, 3), counter-clockwise seen from outside
    uv: FloatArray  #: (V, 2), u to the right, v DOWN, 0…1; vertices are split at UV seams
    weld: NDArray[np.int32]  #: (V,) vertices with equal weld share a position and a normal
    parts: NDArray[np.uint8]  #: (F,) values of `Part`
    alpha: bool  #: an alpha card: drawn after the opaque layers, far to near
    texture: str | None  #: file relative to the head's folder; None = coloured by formula


@dataclass(frozen=True)
class HeadShape:
    """One subject: everything about the geometry that does not change through time."""

    template: str = "procedural"  #: name of the template it was drawn for
    seed: int = 0  #: what it was drawn from; also seeds the look
    ancestry: tuple[float, float, float] = (0.0, 0.0, 1.0)  #: african, asian, caucasian; sum 1
    age_years: float = 30.0  #: 18…80
    gender: float = 0.5  #: 0 female … 1 male
    muscle: float = 0.5  #: 0…1
    weight: float = 0.5  #: 0…1
    modes: dict[str, float] = field(default_factory=dict)  #: identity mode -> weight, −1…1
    choices: dict[str, str] = field(default_factory=dict)
    """Mesh choices: "eyes", "brows", "lashes", "teeth", "hair" ("" = bald), "hat" ("" = none)."""
    warp: tuple[tuple[float, float, float], ...] = ()
    """Displacement of the 68 neutral landmarks (decimetres), spread by radial basis functions."""

    def to_json(self) -> dict[str, Any]:
        """Plain values, ready for `json.dumps`."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> HeadShape:
        """The inverse of `to_json`; unknown keys are refused with a TypeError."""
        known = dict(values)
        if "ancestry" in known:
            known["ancestry"] = tuple(known["ancestry"])
        if "warp" in known:
            known["warp"] = tuple(tuple(row) for row in known["warp"])
        return cls(**known)


@dataclass(frozen=True, eq=False)
class HeadPose:
    """One frame of a head.

    The head turns about its neck joint: first roll, then pitch, then yaw
    (R = Ry(yaw) · Rx(−pitch) · Rz(−roll)), then moves by `translation`.
    """

    expression: FloatArray = field(
        default_factory=lambda: np.zeros(len(EXPRESSION_UNITS), dtype=np.float32)
    )  #: (34,) weights 0…1 in the order of EXPRESSION_UNITS; jaw drop = "mouth-open"
    tongue: float = 0.0  #: 0 inside … 1 stuck out
    gaze_left: tuple[float, float] = (0.0, 0.0)  #: yaw (to the viewer's right), pitch (up), rad
    gaze_right: tuple[float, float] = (0.0, 0.0)
    yaw: float = 0.0  #: rad; > 0 = the nose moves to the viewer's right
    pitch: float = 0.0  #: rad; > 0 = looks up
    roll: float = 0.0  #: rad; > 0 = clockwise for the viewer
    translation: tuple[float, float, float] = (0.0, 0.0, 0.0)  #: decimetres
    lopsided: float = 0.0
    """−1…1; > 0 = the person's left half of the mouth moves more. Heads of formulas are even."""

    def to_json(self) -> dict[str, Any]:
        """Plain values, ready for `json.dumps`."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        values["expression"] = [float(w) for w in self.expression]
        return values


@dataclass(frozen=True, eq=False)
class Anchors:
    """Positions that landmarks are made from, posed, in world coordinates (decimetres).

    `landmarks.project_landmarks` turns them and a camera into pixels. Every array but the
    directions may have leading batch dimensions. K points make a ring.
    """

    ibug68: FloatArray  #: (…, 68, 3) the "3d" convention: fixed points of the mesh
    wflw98: FloatArray  #: (…, 98, 3)
    jaw_rings: FloatArray  #: (…, 33, K, 3) path of each WFLW jaw point, from its anchor inwards
    jaw_directions: FloatArray  #: (33, 2) outwards in the frontal view: x right, y up
    brow_rings: FloatArray  #: (…, 2, 2, K, 3) right/left × upper/lower edge, temple to nose
    axes: FloatArray  #: (…, 3, 3) rows: the head's own x, y, z axes in world coordinates
    origin: FloatArray  #: (…, 3) the point midway between the eyeball centres


@dataclass(frozen=True, eq=False)
class PosedHead:
    """A head in one frame."""

    layers: tuple[MeshLayer, ...]
    vertices: tuple[FloatArray, ...]  #: (V_i, 3) float32 a layer, world coordinates
    anchors: Anchors


class HeadTemplate(Protocol):
    """A source of heads."""

    name: str  #: "makehuman" or "procedural"
    modes: tuple[str, ...]  #: names of the identity modes `HeadShape.modes` may use
    options: dict[str, tuple[str, ...]]  #: what `HeadShape.choices` may hold, by kind

    def layers(self, shape: HeadShape) -> tuple[MeshLayer, ...]:
        """The meshes of one subject, cached: the same objects for every pose."""
        ...

    def deform(self, shape: HeadShape, pose: HeadPose) -> PosedHead:
        """The subject in one frame; `PosedHead.layers` is `layers(shape)`."""
        ...

    def anchors(self, shapes: Sequence[HeadShape], poses: Sequence[HeadPose]) -> Anchors:
        """Anchors alone, for many faces at once (shapes[i] in poses[i]); leading dimension B."""
        ...


def load_template(name: str = "auto") -> HeadTemplate:
    """The head to render.

    Args:
        name: "makehuman" (needs the folder `LINEAMENT_HEAD`), "procedural", or "auto": the first
            when its folder is there, else the second.

    Raises:
        InputError: If the name is unknown, or the folder is missing or incomplete.
    """
    from core.errors import InputError
    from core.synthesis.makehuman import head_folder
    from core.synthesis.makehuman import load as load_makehuman
    from core.synthesis.procedural import load as load_procedural

    if name == "auto":
        name = "makehuman" if head_folder() else "procedural"
    if name == "procedural":
        return load_procedural()
    if name == "makehuman":
        return load_makehuman()
    raise InputError(f"No head template is called {name!r}; there are auto, makehuman, procedural.")

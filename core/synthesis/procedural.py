"""A head made of formulas: the `HeadTemplate` that needs no files.

Coarser than MakeHuman's, with the same outputs: skin with ears, neck and shoulders, eyeballs,
brows, teeth, tongue and a cap of hair. Tests, the demo and machines without the head folder use it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from core.errors import InputError
from core.synthesis import procsurface as surf
from core.synthesis.landmarks import assemble
from core.synthesis.procmesh import (
    eyeballs,
    eyeballs_mesh,
    hair_cells,
    skin_layer,
    teeth,
    teeth_mesh,
    tongue,
    tongue_mesh,
    two_strips,
)
from core.synthesis.procparams import MODES, FaceParams, face_params
from core.synthesis.template import (
    Anchors,
    HeadPose,
    HeadShape,
    LayerKind,
    MeshLayer,
    Part,
    PosedHead,
)
from core.synthesis.turning import head_share, rotation, turn

FloatArray = NDArray[np.float32]
Array = NDArray[np.float64]
_PIVOT = np.array([0.0, -0.8, -1.0], dtype=np.float32)


@dataclass(frozen=True)
class _Style:
    """How a cap of hair lies on the skull; lengths are decimetres."""

    lift: float  # above the skull
    front: float  # share of it at the hair line
    fall: float  # how far strands fall over the hair line
    ragged: float  # unevenness of its edge
    side: float  # how much more of all this one side has than the other


_STYLES = {
    "short": _Style(0.08, 0.5, 0.06, 0.025, 0.0),
    "short-crop": _Style(0.035, 0.5, -0.01, 0.012, 0.0),
    "short-swept": _Style(0.13, 0.7, 0.05, 0.03, 0.7),
    "long": _Style(0.11, 0.4, 0.02, 0.02, 0.0),
    "long-fringe": _Style(0.12, 0.4, 0.2, 0.02, 0.0),
    "long-parted": _Style(0.14, 0.6, 0.08, 0.02, -0.8),
}
_RING = 12  # points of a jaw ring
_BROW_RING = 9
_PUPIL = 0.14


@lru_cache(maxsize=1)
def load() -> ProceduralHead:
    """The procedural head (one object)."""
    return ProceduralHead()


class ProceduralHead:
    """The template; see the module's text."""

    name = "procedural"
    modes = tuple(MODES)
    options: dict[str, tuple[str, ...]] = {"hair": ("", *_STYLES)}  # noqa: RUF012

    def __init__(self) -> None:
        self._skin, self._ear_scale = skin_layer()
        self._layers: dict[str, tuple[MeshLayer, ...]] = {}

    def layers(self, shape: HeadShape) -> tuple[MeshLayer, ...]:
        """The meshes of one subject."""
        hair = shape.choices.get("hair", "short")
        if hair not in self.options["hair"]:
            raise InputError(f"The procedural head has no hair called {hair!r}.")
        if hair not in self._layers:
            self._layers[hair] = self._make_layers(hair)
        return self._layers[hair]

    def deform(self, shape: HeadShape, pose: HeadPose) -> PosedHead:
        """The subject in one frame."""
        layers = self.layers(shape)
        params = face_params(shape, pose)
        grid = surf.grid(params)
        pieces = [
            np.concatenate([grid.reshape(-1, 3), self._ears(params, _covered(shape))]),
            eyeballs(params, pose),
            _brows(grid),
            _lashes(grid),
            teeth(params, grid),
            tongue(params, grid, pose.tongue),
        ]
        if len(layers) > len(pieces):
            pieces.append(_hair(grid, _STYLES[shape.choices.get("hair", "short")]))
        posed = tuple(_turned(piece, pose) for piece in pieces)
        return PosedHead(layers, posed, self._anchors(params, grid, pose))

    def anchors(self, shapes: Sequence[HeadShape], poses: Sequence[HeadPose]) -> Anchors:
        """Anchors of many faces (shapes[i] in poses[i]), leading dimension B.

        Raises:
            ValueError: If there are none, or not as many shapes as poses.
        """
        if not shapes or len(shapes) != len(poses):
            raise ValueError("anchors need as many shapes as poses, at least one")
        all_of = []
        for shape, pose in zip(shapes, poses, strict=True):
            params = face_params(shape, pose)
            all_of.append(self._anchors(params, surf.grid(params), pose))
        fields = ("ibug68", "wflw98", "jaw_rings", "brow_rings", "axes", "origin")
        stacked = {name: np.stack([getattr(a, name) for a in all_of]) for name in fields}
        return Anchors(jaw_directions=all_of[0].jaw_directions, **stacked)

    def _make_layers(self, hair: str) -> tuple[MeshLayer, ...]:
        brow, brow_left = two_strips(surf.BROW_LAST - surf.BROW_FIRST)
        brow_parts = np.where(brow_left, Part.BROW_LEFT, Part.BROW_RIGHT).astype(np.uint8)
        lash, lash_left = two_strips(surf.OUTER - surf.INNER)
        lash_parts = np.full(len(lash_left), Part.LASHES, dtype=np.uint8)
        eye, eye_parts = eyeballs_mesh()
        layers = [
            self._skin,
            _layer("eyes", "eye", eye.triangles, eye.uv, eye.weld, eye_parts),
            _layer("brows", "brow", brow.triangles, brow.uv, brow.weld, brow_parts, True),
            _layer("lashes", "lash", lash.triangles, lash.uv, lash.weld, lash_parts, True),
            _single("teeth", "teeth", Part.TEETH, *teeth_mesh()),
            _single("tongue", "tongue", Part.TONGUE, *tongue_mesh()),
        ]
        if hair:
            layers.append(
                _single("hair", "hair", Part.HAIR, *hair_cells(long=hair.startswith("long")))
            )
        return tuple(layers)

    def _ears(self, params: FaceParams, covered: bool) -> Array:
        """Both ears, half ellipsoids beside the head; hair that covers them lays them flat."""
        half = float(surf.surface(params, np.array(np.pi / 2), np.array(-0.1))[0])
        ear = self._ear_scale * params.ear * np.array([0.2 if covered else 1.0, 1.0, 1.0])
        left = ear + np.array([half - 0.01, -0.12, -0.72])
        return np.concatenate([left, left * [-1.0, 1.0, 1.0]])

    def _anchors(self, params: FaceParams, grid: Array, pose: HeadPose) -> Anchors:
        points = [
            _at(grid, _INNER68_PLACES),
            _at(grid, _EYES98_PLACES),
            _pupils(params, pose),
            _jaw_rings(params),
            _at(grid, _BROW_PLACES),
        ]
        inner, eyes, pupils, jaw, brows = (_turned(p, pose) for p in points)
        axes = rotation(pose.yaw, pose.pitch, pose.roll).astype(np.float32).T
        origin = _turned(np.zeros((1, 3)), pose)[0]
        return assemble(inner, eyes, pupils, jaw, _jaw_directions(), brows, axes, origin)


def _covered(shape: HeadShape) -> bool:
    return shape.choices.get("hair", "short").startswith("long")


def _turned(points: Array, pose: HeadPose) -> FloatArray:
    flat = points.reshape(-1, 3).astype(np.float32)
    shift = np.array(pose.translation, dtype=np.float32)
    turned = turn(flat, head_share(flat), _PIVOT, (pose.yaw, pose.pitch, pose.roll), shift)
    return turned.reshape(points.shape)


def _layer(
    name: str,
    kind: LayerKind,
    triangles: NDArray[np.int32],
    uv: FloatArray,
    weld: NDArray[np.int32],
    parts: NDArray[np.uint8],
    alpha: bool = False,
) -> MeshLayer:
    return MeshLayer(name, kind, triangles, uv, weld, parts, alpha, None)


def _single(
    name: str,
    kind: LayerKind,
    part: Part,
    triangles: NDArray[np.int32],
    uv: FloatArray,
    weld: NDArray[np.int32],
) -> MeshLayer:
    return _layer(name, kind, triangles, uv, weld, np.full(len(triangles), part, dtype=np.uint8))


def _brows(grid: Array) -> Array:
    """Two strips a little above the skin, right then left, (2 · 2n, 3)."""
    n = np.arange(surf.BROW_FIRST, surf.BROW_LAST + 1)
    columns = surf.HALF + np.concatenate([-n[::-1], n])
    strip = grid[[surf.BROW_TOP, surf.BROW_LOW]][:, columns]
    return (strip + np.array([0.0, 0.0, 0.012])).reshape(-1, 3)


def _lashes(grid: Array) -> Array:
    """Two dark rims along the upper lids, right then left, (2 · 2n, 3)."""
    n = np.arange(surf.INNER, surf.OUTER + 1)
    columns = surf.HALF + np.concatenate([-n[::-1], n])
    rim = grid[surf.LID_UP, columns]
    return np.concatenate([rim + np.array([0.0, up, 0.012]) for up in (0.014, -0.006)])


def _hair(grid: Array, style: _Style) -> Array:
    """The grid, lifted away from the middle of the skull; thinner and ragged at the hair line."""
    rows = np.arange(len(grid))[:, None]
    away = grid - [0.0, 0.1, surf.CENTRE_Z]
    away /= np.maximum(np.linalg.norm(away, axis=2, keepdims=True), 1e-6)
    column = np.abs(surf.COLUMNS)
    near_line = np.clip((rows - surf.HAIR_LINE + 3) / 3.0, 0.0, 1.0) * (column < 17)
    share = 1.0 - (1.0 - style.front) * near_line
    more = 1.0 + style.side * np.clip(surf.COLUMNS / 9.0, -1.0, 1.0)
    crown = np.clip(rows / 2.0, 0.0, 1.0)  # the sides meet on top
    height = style.lift * share * (1.0 + 0.35 * (more - 1.0) * crown * (column < 24))
    points = grid + height[..., None] * away
    edge = style.ragged * (np.sin(2.3 * surf.COLUMNS) + 0.7 * np.sin(5.1 * surf.COLUMNS + 1.0))
    fall = (style.fall * more + edge) * np.clip((18.0 - column) / 4.0, 0.0, 1.0)
    points[surf.HAIR_LINE, :, 1] -= fall
    points[surf.HAIR_LINE, :, 2] += 0.25 * np.maximum(fall, 0.0)  # the forehead bulges
    return np.asarray(points.reshape(-1, 3))


def _at(grid: Array, places: Array) -> Array:
    """Points between grid points.

    Args:
        grid: As `procsurface.grid`.
        places: (…, 2) row and column, columns counted from the middle of the face.

    Returns:
        (…, 3).
    """
    row, column = places[..., 0], places[..., 1] + surf.HALF
    r, c = row.astype(np.int64), column.astype(np.int64)
    a, b = (row - r)[..., None], (column - c)[..., None]
    below, right = np.minimum(r + 1, grid.shape[0] - 1), np.minimum(c + 1, grid.shape[1] - 1)
    top = (1.0 - b) * grid[r, c] + b * grid[r, right]
    return np.asarray((1.0 - a) * top + a * ((1.0 - b) * grid[below, c] + b * grid[below, right]))


def _eye_points(shares: Sequence[tuple[int, float]]) -> list[tuple[float, float]]:
    """(row, column) on the right eye from (row, share of the way from the outer corner)."""
    return [(row, -surf.OUTER + share * (surf.OUTER - surf.INNER)) for row, share in shares]


def _mirrored(points: list[tuple[float, float]], order: Sequence[int]) -> list[tuple[float, float]]:
    return [(points[i][0], -points[i][1]) for i in order]


_UP, _LOW = surf.LID_UP, surf.LID_LOW
_EYE68 = _eye_points([(_UP, 0), (_UP, 0.33), (_UP, 0.67), (_UP, 1), (_LOW, 0.67), (_LOW, 0.33)])
_EYE98 = _eye_points(
    [(_UP, 0), (_UP, 0.25), (_UP, 0.5), (_UP, 0.75), (_UP, 1), (_LOW, 0.75), (_LOW, 0.5),
     (_LOW, 0.25)]
)  # fmt: skip
_CORNER = float(surf.CORNER)
_MOUTH = [
    *[(surf.LIP_TOP, c) for c in (-_CORNER, -6.6, -2.4, 0.0, 2.4, 6.6, _CORNER)],
    *[(surf.LIP_BOTTOM, c) for c in (7.0, 3.2, 0.0, -3.2, -7.0)],
    *[(surf.LIP_UP_IN, c) for c in (-11.2, -3.6, 0.0, 3.6, 11.2)],
    *[(surf.LIP_LOW_IN, c) for c in (3.6, 0.0, -3.6)],
]
_NOSE = [
    *[(row, 0.0) for row in (10.5, 13.0, 14.5, 15.9)],
    *[(surf.NOSE_BASE, c) for c in (-5.0, -2.5, 0.0, 2.5, 5.0)],
]
_INNER68 = [*_NOSE, *_EYE68, *_mirrored(_EYE68, (3, 2, 1, 0, 5, 4)), *_MOUTH]
_BOTH98 = [*_EYE98, *_mirrored(_EYE98, (4, 3, 2, 1, 0, 7, 6, 5))]


def _pupils(params: FaceParams, pose: HeadPose) -> Array:
    """Right, left."""
    sides = ((-1.0, pose.gaze_right), (1.0, pose.gaze_left))
    return np.stack(
        [
            np.array([sign * params.eye_x, 0.0, 0.0]) + _PUPIL * rotation(*gaze, 0.0)[:, 2]
            for sign, gaze in sides
        ]
    )


def _ring_paths() -> tuple[Array, Array]:
    """Azimuth (17, K) and height share (17, K; 0 = eyes, 1 = chin) of the right half's rings."""
    inwards = np.linspace(0.0, 1.0, _RING)
    angle, height = np.empty((17, _RING)), np.empty((17, _RING))
    for i in range(17):
        if i < 12:  # down the side: along the height
            angle[i] = np.radians(88.0 - 55.0 * inwards)
            height[i] = 0.03 + 0.83 * i / 11
        else:  # along the jaw's lower edge: up the chin
            angle[i] = np.radians(75.0 * (16 - i) / 4.6)
            height[i] = 0.93 + 0.05 * (i - 12) / 4 - 0.2 * inwards
    return -angle, height


def _jaw_directions() -> FloatArray:
    """Outwards in the frontal view: sideways above, downwards at the chin, (33, 2)."""
    turn_down = np.radians(np.interp(np.arange(17), [0, 8, 12, 16], [0.0, 5.0, 50.0, 90.0]))
    right = np.stack([-np.cos(turn_down), -np.sin(turn_down)], axis=1)
    return np.concatenate([right, right[15::-1] * [-1.0, 1.0]]).astype(np.float32)


def _jaw_rings(params: FaceParams) -> Array:
    """Paths of the jaw points over the surface with the jaw as it hangs, (33, K, 3)."""
    angle, y = _RING_ANGLE, _RING_HEIGHT * params.chin_y
    right = surf.surface(params, angle, y)
    right[..., 1] -= params.drop * surf.jaw_share(angle, y, params)
    return np.concatenate([right, right[15::-1] * [-1.0, 1.0, 1.0]])


def _brow_places() -> Array:
    """(2, 2, K, 2): right/left × upper/lower, from the temple to the nose."""
    columns = np.linspace(surf.BROW_LAST, surf.BROW_FIRST, _BROW_RING)
    return np.array(
        [
            [[(row, sign * c) for c in columns] for row in (surf.BROW_TOP, surf.BROW_LOW)]
            for sign in (-1.0, 1.0)
        ]
    )


_INNER68_PLACES, _EYES98_PLACES = np.array(_INNER68, dtype=float), np.array(_BOTH98, dtype=float)
_BROW_PLACES = _brow_places()
_RING_ANGLE, _RING_HEIGHT = _ring_paths()

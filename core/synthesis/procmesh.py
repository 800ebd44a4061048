"""Topology and small solids of the procedural head: skin, eyeballs, teeth, tongue, hair."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.synthesis import procsurface as surf
from core.synthesis.procparams import FaceParams
from core.synthesis.template import HeadPose, MeshLayer, Part
from core.synthesis.turning import rotation

Array = NDArray[np.float64]
FloatArray = NDArray[np.float32]
_EYE_RINGS, _EYE_SPOKES = 12, 20
_IRIS_SCALE = 0.4  # of the texture's side a ball's radius: a painted iris of 0.06 dm
_EAR_RINGS, _EAR_SPOKES = 6, 14
_TEETH = 15
_TONGUE = (7, 9)
_NOSE_COLUMNS = 5  # the nose's half width in columns at its base


@dataclass(frozen=True, eq=False)
class Lattice:
    """A grid of quads cut into triangles."""

    triangles: NDArray[np.int32]  #: (F, 3), counter-clockwise when rows go down, columns right
    uv: FloatArray  #: (V, 2)
    weld: NDArray[np.int32]  #: (V,)


def lattice(rows: int, columns: int) -> Lattice:
    """Grid points in rows from top to bottom, columns from the viewer's left to right."""
    index = np.arange(rows * columns).reshape(rows, columns)
    a, b, c, d = index[:-1, :-1], index[:-1, 1:], index[1:, :-1], index[1:, 1:]
    quads = np.stack([a, c, d, a, d, b], axis=-1).reshape(-1, 3)
    u, v = np.meshgrid(np.linspace(0, 1, columns), np.linspace(0, 1, rows))
    uv = np.stack([u.ravel(), v.ravel()], axis=1).astype(np.float32)
    return Lattice(quads.astype(np.int32), uv, np.arange(rows * columns, dtype=np.int32))


def two_strips(cells: int) -> tuple[Lattice, NDArray[np.bool_]]:
    """A strip of `cells` quads on each side of the face, right then left.

    Returns:
        The strips, 2 rows of 2 (cells + 1) points, and which triangles are on the left, (F,).
    """
    columns = 2 * (cells + 1)
    sheet = lattice(2, columns)
    kept = np.repeat(np.arange(columns - 1) != cells, 2)  # nothing between the two
    triangles = sheet.triangles[kept]
    left = (triangles % columns).mean(axis=1) > cells + 0.5
    return Lattice(triangles, sheet.uv, sheet.weld), left


def skin_layer() -> tuple[MeshLayer, Array]:
    """The skin with both ears, and the shape of the left ear about its root, (V_ear, 3)."""
    rows, columns = surf.NUM_ROWS, len(surf.COLUMNS)
    sheet = lattice(rows, columns)
    cell_row, cell_column = np.divmod(np.arange((rows - 1) * (columns - 1)), columns - 1)
    middle = surf.COLUMNS[cell_column] + 0.5
    parts = _skin_parts(cell_row, np.asarray(middle, dtype=np.float64))
    column = np.abs(middle)
    hole = (cell_row == surf.LID_UP) & (column > surf.INNER) & (column < surf.OUTER)
    keep = np.repeat(~hole, 2)
    ear, ear_points = _ear()
    count = rows * columns
    left = ear.triangles + count
    right = ear.triangles[:, ::-1] + count + len(ear_points)
    triangles = np.concatenate([sheet.triangles[keep], left, right])
    ear_parts = np.repeat([Part.EAR_LEFT, Part.EAR_RIGHT], len(left))
    all_parts = np.concatenate([np.repeat(parts, 2)[keep], ear_parts]).astype(np.uint8)
    sheet_uv = np.stack([sheet.uv[:, 0], _sheet_v(rows).repeat(columns)], axis=1)
    uv = np.concatenate([sheet_uv, *[_ear_uv(ear.uv, s) for s in (0.0, 0.1)]])
    weld = np.concatenate(
        [_sheet_weld(rows, columns), ear.weld + count, ear.weld + count + len(ear_points)]
    )
    layer = MeshLayer(
        "skin",
        "skin",
        triangles.astype(np.int32),
        uv.astype(np.float32),
        weld.astype(np.int32),
        all_parts,
        False,
        None,
    )
    return layer, ear_points


def _sheet_weld(rows: int, columns: int) -> NDArray[np.int64]:
    """Both ends of a row meet at the back; feature rows coincide beyond their corners."""
    weld = np.arange(rows * columns).reshape(rows, columns)
    weld[:, -1] = weld[:, 0]
    weld[0] = weld[0, 0]  # the crown is one point
    column = np.abs(surf.COLUMNS)
    shut = (column <= surf.INNER) | (column >= surf.OUTER)
    weld[surf.LID_LOW, shut] = weld[surf.LID_UP, shut]
    beyond = column >= surf.CORNER
    weld[surf.LIP_TOP : surf.LIP_BOTTOM + 1, beyond] = weld[surf.LIP_TOP, beyond]
    return weld.ravel()


def _sheet_v(rows: int) -> Array:
    """Height in the texture by row: most for the face, enough for neck and cloth."""
    known = [0, surf.HAIR_LINE, surf.CHIN, surf.NECK + 2, rows - 1]
    return np.interp(np.arange(rows), known, [0.0, 0.07, 0.52, 0.67, 0.9])


def _skin_parts(row: NDArray[np.int64], middle: Array) -> NDArray[np.int64]:
    """Part of each cell of the sheet, by its row and its column's distance from the middle."""
    column = np.abs(middle)
    parts = np.full(len(row), int(Part.SKIN))
    behind = (column > 21) & (row < surf.NOSE_BASE)
    parts[(row < surf.HAIR_LINE) | behind] = Part.SCALP
    slope = np.interp(row, [surf.LID_UP, surf.NOSE_TIP, surf.NOSE_BASE], [2.0, 3.5, 5.0])
    nose = (row >= surf.LID_UP) & (row < surf.NOSE_BASE) & (column < slope)
    parts[nose] = Part.NOSE
    inside = column < surf.CORNER
    parts[inside & (row >= surf.LIP_TOP) & (row < surf.LIP_UP_IN)] = Part.UPPER_LIP
    parts[inside & (row >= surf.LIP_UP_IN) & (row < surf.LIP_LOW_IN)] = Part.MOUTH_INSIDE
    parts[inside & (row >= surf.LIP_LOW_IN) & (row < surf.LIP_BOTTOM)] = Part.LOWER_LIP
    parts[(row >= surf.CHIN) | ((column > 21) & (row >= surf.NOSE_BASE))] = Part.NECK
    parts[row >= surf.NECK + 2] = Part.BODY
    return parts


def _ear() -> tuple[Lattice, Array]:
    """A flattened half ellipsoid that opens forwards, root at the origin."""
    mesh = lattice(_EAR_RINGS, _EAR_SPOKES + 1)
    polar = np.linspace(0.0, 0.5 * np.pi, _EAR_RINGS)[:, None]
    spoke = np.linspace(0.0, 2.0 * np.pi, _EAR_SPOKES + 1)
    rim = 0.3 * np.sin(2.0 * polar) ** 2  # a hollow inside the rim
    x = 0.1 * (np.cos(polar) - rim) * np.ones_like(spoke)
    y, z = 0.3 * np.sin(polar) * np.cos(spoke), 0.17 * np.sin(polar) * np.sin(spoke)
    points = np.stack([x + 0.6 * np.maximum(0.05 - z, 0.0), y, z], axis=-1).reshape(-1, 3)
    weld = mesh.weld.reshape(_EAR_RINGS, -1).copy()
    weld[:, -1] = weld[:, 0]
    weld[0] = weld[0, 0]
    return Lattice(mesh.triangles, mesh.uv, weld.ravel()), points


def _ear_uv(uv: FloatArray, shift: float) -> Array:
    """Ears use the strip below the sheet's part of the texture."""
    return uv * [0.09, 0.08] + [shift, 0.91]


def eyeballs_mesh() -> tuple[Lattice, NDArray[np.uint8]]:
    """Two spheres, right then left; uv is planar with the gaze axis in the middle."""
    ball = lattice(_EYE_RINGS, _EYE_SPOKES + 1)
    points = _ball()
    uv = (0.5 + _IRIS_SCALE * points[:, :2] * [1.0, -1.0] / surf.EYE_RADIUS).astype(np.float32)
    weld = ball.weld.reshape(_EYE_RINGS, -1).copy()
    weld[:, -1] = weld[:, 0]
    weld[0], weld[-1] = weld[0, 0], weld[-1, 0]
    count = len(points)
    triangles = np.concatenate([ball.triangles, ball.triangles + count])
    parts = np.repeat([Part.EYE_RIGHT, Part.EYE_LEFT], len(ball.triangles)).astype(np.uint8)
    welds = np.concatenate([weld.ravel(), weld.ravel() + count]).astype(np.int32)
    return Lattice(triangles.astype(np.int32), np.concatenate([uv, uv]), welds), parts


def _ball() -> Array:
    """A sphere about the origin whose pole looks along z; rows run from the pole backwards."""
    polar = np.linspace(0.0, np.pi, _EYE_RINGS)[:, None]
    spoke = np.linspace(0.0, 2.0 * np.pi, _EYE_SPOKES + 1)
    x, y = np.sin(polar) * np.cos(spoke), np.sin(polar) * np.sin(spoke)
    z = np.cos(polar) * np.ones_like(spoke)
    return surf.EYE_RADIUS * np.stack([x, y, z], axis=-1).reshape(-1, 3)


def eyeballs(params: FaceParams, pose: HeadPose) -> Array:
    """Positions of `eyeballs_mesh`."""
    sides = ((-1.0, pose.gaze_right), (1.0, pose.gaze_left))
    return np.concatenate(
        [_ball() @ rotation(*gaze, 0.0).T + [sign * params.eye_x, 0.0, 0.0] for sign, gaze in sides]
    )


def teeth_mesh() -> tuple[NDArray[np.int32], FloatArray, NDArray[np.int32]]:
    """Two strips: triangles, uv, weld."""
    strip = lattice(2, _TEETH)
    triangles = np.concatenate([strip.triangles, strip.triangles + 2 * _TEETH])
    weld = np.arange(4 * _TEETH, dtype=np.int32)
    return triangles.astype(np.int32), np.concatenate([strip.uv, strip.uv]), weld


def teeth(params: FaceParams, grid: Array) -> Array:
    """Positions of `teeth_mesh`: the upper row stays, the lower one hangs on the jaw."""
    x = np.linspace(-0.2, 0.2, _TEETH)
    lips = grid[[surf.LIP_UP_IN, surf.LIP_LOW_IN], surf.HALF]
    z = lips[0, 2] - params.pout - 0.05 - 4.0 * x**2
    rows = []
    for top, bottom in ((0.1, -0.015), (-0.02 - params.drop, -0.12 - params.drop)):
        for y in (top, bottom):
            rows.append(np.stack([x, np.full_like(x, params.mouth_y + y), z], axis=1))
    return np.concatenate(rows)


def tongue_mesh() -> tuple[NDArray[np.int32], FloatArray, NDArray[np.int32]]:
    """A sheet: triangles, uv, weld."""
    sheet = lattice(*_TONGUE)
    return sheet.triangles, sheet.uv, sheet.weld


def tongue(params: FaceParams, grid: Array, out: float) -> Array:
    """Positions of `tongue_mesh`: a rounded sheet on the floor of the mouth."""
    depth, across = np.meshgrid(
        np.linspace(0.0, 1.0, _TONGUE[0]), np.linspace(-1.0, 1.0, _TONGUE[1]), indexing="ij"
    )
    front = float(grid[surf.LIP_LOW_IN, surf.HALF, 2]) - params.pout - 0.1 + 0.3 * out
    width = 0.14 * np.sqrt(np.maximum(1.0 - 0.5 * depth**4, 0.0))
    y = params.mouth_y - 0.04 - params.drop * depth * 0.9 - 0.05 * across**2
    y = y - 0.08 * out * depth**2 - 0.02 * depth
    z = front - 0.35 * (1.0 - depth) - 0.06 * depth * across**2
    return np.stack([width * across, y, z], axis=-1).reshape(-1, 3)


def hair_cells(long: bool) -> tuple[NDArray[np.int32], FloatArray, NDArray[np.int32]]:
    """Cells of the skin's sheet that hair covers: triangles, uv, weld over the whole sheet."""
    rows, columns = surf.NUM_ROWS, len(surf.COLUMNS)
    sheet = lattice(rows, columns)
    row, cell = np.divmod(np.arange((rows - 1) * (columns - 1)), columns - 1)
    column = np.abs(surf.COLUMNS[cell] + 0.5)
    lowest = surf.NECK if long else surf.NOSE_TIP
    behind = (column > (18 if long else 21)) & (row < lowest)
    temples = (column > 17) & (row < surf.LID_UP)
    keep = np.repeat((row < surf.HAIR_LINE) | behind | temples, 2)
    uv = (sheet.uv * [4.0, 2.0]) % 1.0
    return sheet.triangles[keep], uv.astype(np.float32), _hair_weld(rows, columns)


def _hair_weld(rows: int, columns: int) -> NDArray[np.int32]:
    weld = np.arange(rows * columns, dtype=np.int32).reshape(rows, columns)
    weld[:, -1] = weld[:, 0]
    weld[0] = weld[0, 0]
    return weld.ravel()

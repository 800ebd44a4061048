"""The surface of a procedural head: a grid whose rows run along lids, brows and lips.

Rows go from the crown to the shoulders, columns round the head (column 0 = the middle of the face,
positive to the viewer's right). Rows that belong to a feature follow it between its corners and
coincide beyond them; the triangles between coinciding rows have no area and are never seen.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.synthesis.procparams import FaceParams

Array = NDArray[np.float64]

HALF = 30  # columns from the middle of the face to the middle of the back
INNER, OUTER, CORNER = 4, 14, 12  # columns of the eye corners and of the mouth's corner
BROW_FIRST, BROW_LAST = 2, 16  # columns a brow spans
_SIDE = 20  # column of the head's side (95°)
COLUMNS = np.arange(-HALF, HALF + 1)

# Rows by name; rows without a name have fixed heights.
HAIR_LINE, BROW_TOP, BROW_LOW, CREASE, LID_UP, LID_LOW, BAG = 6, 7, 8, 9, 10, 11, 12
NOSE_TIP, NOSE_BASE = 16, 18
LIP_TOP, LIP_UP, LIP_UP_IN, INSIDE_UP, INSIDE_LOW, LIP_LOW_IN, LIP_LOW, LIP_BOTTOM = range(19, 27)
CHIN, UNDER_CHIN, NECK = 30, 31, 32
NUM_ROWS = 44
EYE_RADIUS = 0.145

# y, half width, front z, back z of the skull and jaw, then of the neck and shoulders by row.
_PROFILE = np.array(
    [
        (-1.12, 0.34, 0.13, -1.0), (-1.06, 0.41, 0.17, -1.03), (-0.96, 0.5, 0.2, -1.08),
        (-0.82, 0.585, 0.2, -1.16), (-0.6, 0.66, 0.2, -1.3), (-0.3, 0.715, 0.19, -1.55),
        (0.0, 0.735, 0.17, -1.68), (0.3, 0.745, 0.2, -1.7), (0.6, 0.705, 0.15, -1.64),
        (0.85, 0.6, 0.02, -1.5), (1.03, 0.43, -0.17, -1.24), (1.13, 0.24, -0.36, -0.95),
        (1.17, 0.0, -0.6, -0.6),
    ]
)  # fmt: skip
_BELOW = np.array(
    [
        (-1.12, 0.41, -0.15, -1.05), (-1.2, 0.44, -0.33, -1.1), (-1.38, 0.45, -0.38, -1.12),
        (-1.58, 0.49, -0.38, -1.16), (-1.72, 0.62, -0.35, -1.2), (-1.82, 0.87, -0.3, -1.25),
        (-1.93, 1.22, -0.22, -1.3), (-2.06, 1.57, -0.12, -1.33), (-2.24, 1.84, 0.0, -1.36),
        (-2.5, 2.0, 0.1, -1.38), (-2.9, 2.07, 0.2, -1.38), (-3.6, 2.08, 0.27, -1.35),
        (-5.2, 2.05, 0.25, -1.3),
    ]
)  # fmt: skip
_EYE_HALF = 0.735  # half width of the average head at the eyes
CENTRE_Z = -0.6
_CROWN_Y = (1.17, 1.13, 1.05, 0.93, 0.79, 0.66, 0.55)


def grid(params: FaceParams) -> Array:
    """Skin positions, (NUM_ROWS, 2·HALF + 1, 3)."""
    rest_y, angle = _rest_heights(params), _angles(params)
    points = surface(params, angle, rest_y)
    points[CHIN + 1 :] = _below(params, angle[CHIN + 1 :])
    _bulge_lids(points, params)
    _shape_lips(points, params)
    points[..., 1] -= _jaw_drop(params, angle)
    return points


def surface(params: FaceParams, angle: Array, y: Array) -> Array:
    """Points of the unopened head without lids and lips.

    Args:
        params: The face.
        angle: Azimuth, rad, 0 = the middle of the face; any shape.
        y: Heights, same shape.

    Returns:
        (…, 3).
    """
    scaled = np.where(y > 0, y / params.height, y * (-1.08 / params.chin_y))
    half, front, back = (np.interp(scaled, _PROFILE[:, 0], _PROFILE[:, k]) for k in (1, 2, 3))
    jaw = np.clip((-scaled - 0.4) / 0.6, 0.0, 1.0)
    half = half * params.width * (1.0 + (params.jaw - 1.0) * jaw)
    cos = np.cos(angle)
    reach = np.where(cos > 0, front - CENTRE_Z, CENTRE_Z - back)
    x, z = half * np.sin(angle), CENTRE_Z + reach * cos
    return np.stack([x, y, z + np.maximum(cos, 0.0) * _relief(params, x, y)], axis=-1)


def _relief(params: FaceParams, x: Array, y: Array) -> Array:
    """What brows, sockets, cheeks, nose and chin add to the front, decimetres."""

    def hill(height: float, cx: float, cy: float, sx: float, sy: float) -> Array:
        return height * np.exp(-0.5 * (((np.abs(x) - cx) / sx) ** 2 + ((y - cy) / sy) ** 2))

    relief = hill(params.ridge, 0.25, 0.15, 0.16, 0.06)
    relief -= hill(0.13, params.eye_x, 0.01, 0.14, 0.1)
    relief += hill(params.cheek, 0.42, -0.25, 0.14, 0.12)
    relief += hill(params.chin_z, 0.0, params.chin_y + 0.12, 0.16, 0.1)
    relief -= hill(0.035, 0.0, 0.5 * (params.mouth_y - 0.1 + params.chin_y + 0.12), 0.2, 0.05)
    relief += hill(0.05, 0.0, params.mouth_y, 0.2, 0.13)  # the teeth stand forward
    down = np.clip((0.08 - y) / (0.08 - params.nose_y), 0.0, 1.0)  # 0 at the root, 1 at the base
    ridge = np.interp(down, [0.0, 0.25, 0.8, 0.9, 0.97, 1.0], [0.0, 0.07, 0.24, 0.24, 0.14, 0.02])
    width = params.nose_width * np.interp(down, [0.0, 0.3, 0.85, 1.0], [0.07, 0.055, 0.085, 0.09])
    relief += params.nose_z * ridge * np.exp(-0.5 * (x / width) ** 2)
    wing = params.nose_y + 0.07
    relief += params.nose_z * hill(0.1, 0.115 * params.nose_width, wing, 0.045, 0.05)
    return np.asarray(relief)


def _below(params: FaceParams, angle: Array) -> Array:
    """Under the chin, neck and shoulders."""
    y, half, front, back = (_BELOW[:, k][:, None] for k in range(4))
    trunk = np.clip((-1.4 - y) / 0.5, 0.0, 1.0)
    half = half * (params.neck + trunk * (params.shoulders - params.neck))
    y = y + np.where(np.arange(len(_BELOW)) < 1, params.chin_y + 1.08, 0.0)[:, None]
    cos = np.cos(angle)
    z = CENTRE_Z + np.where(cos > 0, front - CENTRE_Z, CENTRE_Z - back) * cos
    return np.stack(np.broadcast_arrays(half * np.sin(angle), y, z), axis=-1)


def _angles(params: FaceParams) -> Array:
    """Azimuth of each column in each row: feature columns sit on the corners."""
    half = _EYE_HALF * params.width
    eye = np.interp(
        np.arange(HALF + 1),
        [0, INNER, OUTER, _SIDE, HALF],
        [
            0.0,
            np.arcsin((params.eye_x - params.eye_width) / half),
            np.arcsin(min((params.eye_x + params.eye_width) / half, 0.98)),
            np.radians(95.0),
            np.pi,
        ],
    )
    mouth_half = float(surface(params, np.array(np.pi / 2), np.array(params.mouth_y))[0])
    mouth = np.interp(
        np.arange(HALF + 1),
        [0, CORNER, _SIDE, HALF],
        [0.0, np.arcsin(params.mouth_width / mouth_half), np.radians(95.0), np.pi],
    )
    share = np.interp(np.arange(NUM_ROWS), [BAG, LIP_TOP, LIP_BOTTOM, CHIN], [0.0, 1.0, 1.0, 0.3])
    positive = (1.0 - share[:, None]) * eye + share[:, None] * mouth
    return np.concatenate([-positive[:, :0:-1], positive], axis=1)


def _rest_heights(params: FaceParams) -> Array:
    """Height of each grid point while the jaw is shut, (NUM_ROWS, columns)."""
    y = np.zeros((NUM_ROWS, len(COLUMNS)))
    # The hair line is highest above the eyes and comes down at the temples.
    temple = np.clip((np.abs(COLUMNS) - 9) / 9.0, 0.0, 1.0) ** 2 * _behind_inverse()
    rise = np.clip((np.arange(HAIR_LINE + 1) - 1) / (HAIR_LINE - 1), 0.0, 1.0)[:, None] ** 2
    y[: HAIR_LINE + 1] = (np.array(_CROWN_Y)[:, None] - 0.12 * rise * temple) * params.height
    for side, columns in ((0, COLUMNS <= 0), (1, COLUMNS >= 0)):
        y[BROW_TOP : BAG + 1, columns] = _eye_rows(params, side, np.abs(COLUMNS[columns]))
        y[LIP_TOP : LIP_BOTTOM + 1, columns] = _lip_rows(params, side, np.abs(COLUMNS[columns]))
    tip = params.nose_y + 0.08
    nose = np.interp(np.arange(6), [0, 3, 5], [tip, params.nose_y, params.nose_y])
    y[NOSE_TIP : NOSE_BASE + 1] = nose[[0, 2, 3]][:, None]
    y[BAG + 1 : NOSE_TIP] = np.linspace(y[BAG].mean(), tip, 5)[1:4, None]
    low = y[LIP_BOTTOM, HALF]
    y[LIP_BOTTOM + 1 : CHIN + 1] = np.linspace(low, params.chin_y, 5)[1:, None]
    return y


def _eye_rows(params: FaceParams, side: int, column: NDArray[np.int64]) -> Array:
    """Heights of the rows BROW_TOP … BAG on one side."""
    along = np.clip((column - BROW_FIRST) / (BROW_LAST - BROW_FIRST), 0.0, 1.0)
    brow = params.brow_y[side] + (params.brow_inner[side] - 0.035) * (1.0 - along) ** 2
    brow = brow + params.brow_outer[side] * np.clip(2.0 * along - 0.7, 0.0, 1.0)
    brow = brow + params.brow_arch * np.sin(np.pi * along**1.3) - 0.03 * along**3
    brow = brow + _behind(column) * (0.2 - brow)
    thick = params.brow_thickness * (1.0 - 0.75 * along**1.5)
    s = np.clip((column - 0.5 * (INNER + OUTER)) / (0.5 * (OUTER - INNER)), -1.0, 1.0)
    corner = params.eye_tilt * s - 0.012 * (1.0 - s)
    bow = np.sqrt(np.maximum(1.0 - s**2, 0.0))
    bow_up = bow * (1.0 - 0.12 * s)  # highest a little towards the nose
    up = corner + params.lid_up[side] * bow_up
    low = corner + params.lid_low[side] * bow
    crease = np.maximum(up, corner + 0.045 * bow) + 0.03
    return np.stack([brow + 0.5 * thick, brow - 0.5 * thick, crease, up, low, low - 0.07])


def _behind_inverse() -> Array:
    """1 on the face and at the temples … 0 at the back, by column."""
    return np.asarray(1.0 - np.clip((np.abs(COLUMNS) - 20) / 5.0, 0.0, 1.0))


def _behind(column: NDArray[np.int64]) -> Array:
    """0 on the face … 1 at the back, where the rows of both sides meet."""
    return np.asarray(np.clip((column - BROW_LAST) / (HALF - BROW_LAST), 0.0, 1.0))


def _lip_rows(params: FaceParams, side: int, column: NDArray[np.int64]) -> Array:
    """Heights of the rows LIP_TOP … LIP_BOTTOM on one side; all meet in the corner."""
    s = np.minimum(column / CORNER, 1.0)
    bow = 1.0 - s**2
    line = params.mouth_y + params.corner_y[side] * s**2 * (1.0 - _behind(column))
    cupid = 1.0 - 0.2 * np.exp(-((s / 0.12) ** 2))
    top = line + (params.upper * cupid + params.gap_up) * bow**0.8
    up_in = line + params.gap_up * bow
    low_in = line - params.gap_low * bow
    bottom = line - (params.lower + params.gap_low) * bow**0.6
    rows = [top, 0.45 * top + 0.55 * up_in, up_in, up_in, low_in, low_in]
    return np.stack([*rows, 0.45 * bottom + 0.55 * low_in, bottom])


def _bulge_lids(points: Array, params: FaceParams) -> None:
    """Lay crease, lid margins and bag on the eyeballs."""
    rows = np.arange(CREASE, BAG + 1)
    inside = (np.abs(COLUMNS) >= INNER) & (np.abs(COLUMNS) <= OUTER)
    part = points[np.ix_(rows, np.flatnonzero(inside))]
    centre = np.sign(part[..., 0]) * params.eye_x
    flat = (part[..., 0] - centre) ** 2 + part[..., 1] ** 2
    gap = np.array([0.03, 0.013, 0.013, 0.02])[:, None]
    ball = np.sqrt(np.maximum((EYE_RADIUS + gap) ** 2 - flat, 0.0))
    part[..., 2] = np.maximum(part[..., 2], ball)
    points[np.ix_(rows, np.flatnonzero(inside))] = part


def _shape_lips(points: Array, params: FaceParams) -> None:
    """Round the lips, push the rows between them into the mouth."""
    bow = np.maximum(1.0 - (np.abs(COLUMNS) / CORNER) ** 2, 0.0)
    bulge = {LIP_TOP: 0.02, LIP_UP: 0.045, LIP_UP_IN: 0.025}
    bulge |= {LIP_LOW_IN: 0.025, LIP_LOW: 0.05, LIP_BOTTOM: 0.018}
    for row, height in bulge.items():
        points[row, :, 2] += (height + params.pout) * bow**0.5
    for row, lift in ((INSIDE_UP, 0.04), (INSIDE_LOW, -0.04)):
        points[row, :, 2] -= 0.4 * bow**0.5
        points[row, :, 1] += lift * bow


def jaw_share(angle: Array, y: Array, params: FaceParams) -> Array:
    """How much of the jaw's drop a point at rest height y follows, 0…1."""
    side = np.clip((np.radians(115.0) - np.abs(angle)) / np.radians(65.0), 0.0, 1.0)
    below = np.clip((params.mouth_y + 0.05 - y) / 0.2, 0.0, 1.0)
    return np.asarray(side**2 * (3.0 - 2.0 * side) * below)


def _jaw_drop(params: FaceParams, angle: Array) -> Array:
    """How far each grid point sinks, (NUM_ROWS, columns)."""
    s2 = np.minimum(np.abs(COLUMNS) / CORNER, 1.0) ** 2
    share = np.zeros(angle.shape)
    share[LIP_TOP:INSIDE_LOW] = 0.45 * s2
    share[INSIDE_LOW : LIP_BOTTOM + 1] = 0.45 * s2 + (1.0 - s2)
    share[LIP_BOTTOM + 1 : UNDER_CHIN] = 1.0
    share[LIP_BOTTOM + 1] = np.maximum(0.45 * s2 + (1.0 - s2), 0.6)
    share[UNDER_CHIN] = 0.7
    side = np.clip((np.radians(115.0) - np.abs(angle)) / np.radians(65.0), 0.0, 1.0)
    return np.asarray(params.drop * share * side**2 * (3.0 - 2.0 * side))

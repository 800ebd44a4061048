"""Turning a head on its neck: rotations that fade from the skull down to the shoulders."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]

#: Share of the head's angles that the shoulders follow (people turn their trunk as well).
TRUNK_SHARE = 0.4
_LEVELS = 8  # rotations between trunk and head that the neck blends


def rotation(yaw: float, pitch: float, roll: float) -> NDArray[np.float64]:
    """The head's rotation, (3, 3): Ry(yaw) · Rx(−pitch) · Rz(−roll), acting on column vectors.

    Args:
        yaw: rad, > 0 moves the nose to the viewer's right (+x).
        pitch: rad, > 0 looks up.
        roll: rad, > 0 is clockwise for the viewer.
    """
    cy, sy = np.cos(yaw), np.sin(yaw)
    cx, sx = np.cos(-pitch), np.sin(-pitch)
    cz, sz = np.cos(-roll), np.sin(-roll)
    ry = np.array([[cy, 0.0, sy], [0.0, 1.0, 0.0], [-sy, 0.0, cy]])
    rx = np.array([[1.0, 0.0, 0.0], [0.0, cx, -sx], [0.0, sx, cx]])
    rz = np.array([[cz, -sz, 0.0], [sz, cz, 0.0], [0.0, 0.0, 1.0]])
    return ry @ rx @ rz


def head_share(vertices: FloatArray) -> FloatArray:
    """How far each vertex follows the head: 0 = trunk, 1 = skull, (V,).

    Args:
        vertices: (V, 3) of the average head, origin between the eyes, decimetres. The slanted
            height y + 0.6 z keeps chin, nape and ear lobes with the skull and the throat below.
    """
    slanted = vertices[:, 1] + 0.6 * vertices[:, 2]
    t = np.clip((slanted + 2.53) / 1.2, 0.0, 1.0)
    return (t * t * (3.0 - 2.0 * t)).astype(np.float32)


def turn(
    vertices: FloatArray,
    share: FloatArray,
    pivot: FloatArray,
    angles: tuple[float, float, float],
    shift: FloatArray,
) -> FloatArray:
    """Turn about the pivot by each vertex's share of the angles, then shift.

    Args:
        vertices: (V, 3).
        share: (V,) as `head_share`.
        pivot: (3,).
        angles: yaw, pitch, roll in rad.
        shift: (3,).

    Returns:
        (V, 3) float32.
    """
    centred = vertices - pivot
    full = rotation(*angles).astype(np.float32)
    turned = centred @ full.T
    neck = np.flatnonzero(share < 1.0)
    if len(neck):
        turned[neck] = np.einsum("nij,nj->ni", _blended(share[neck], angles), centred[neck])
    return np.asarray(turned + (pivot + shift), dtype=np.float32)


def _blended(share: FloatArray, angles: tuple[float, float, float]) -> FloatArray:
    """Matrices between the two nearest of `_LEVELS` rotations, (n, 3, 3)."""
    fractions = TRUNK_SHARE + (1.0 - TRUNK_SHARE) * np.linspace(0.0, 1.0, _LEVELS + 1)
    yaw, pitch, roll = angles
    steps = np.array([rotation(f * yaw, f * pitch, f * roll) for f in fractions], dtype=np.float32)
    position = share * _LEVELS
    low = np.minimum(position.astype(np.int32), _LEVELS - 1)
    mix = (position - low)[:, None, None]
    return (1.0 - mix) * steps[low] + mix * steps[low + 1]

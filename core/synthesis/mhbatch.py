"""Landmark anchors of many MakeHuman faces at once: only the vertices that anchors need.

Identity and expression are one matrix product for the whole batch; only the turning of the head is
done face by face. The results equal `MakeHumanHead.deform(...).anchors` to rounding.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.synthesis.mhanchors import PUPIL_RADIUS, AnchorMap
from core.synthesis.mhdata import HeadData, Proxy
from core.synthesis.mhidentity import ANCESTRIES, target_weights
from core.synthesis.mhmouth import LOPSIDED, side_gain
from core.synthesis.template import EXPRESSION_UNITS, Anchors, HeadPose, HeadShape
from core.synthesis.turning import rotation, turn

FloatArray = NDArray[np.float32]
_CHUNK = 256  # faces a matrix product; bounds memory at a few tens of MB


class AnchorDeformer:
    """Deforms the few vertices that anchors hang on."""

    def __init__(
        self,
        data: HeadData,
        anchor_map: AnchorMap,
        modes: dict[str, tuple[str | None, str]],
        share: FloatArray,
        spread: FloatArray,
    ) -> None:
        scale = np.concatenate([p.fit.scale_vertices.ravel() for p in _brows(data).values()])
        needed = [anchor_map.columns(), scale, *data.joints.values()]
        columns = np.unique(np.concatenate(needed)).astype(np.int64)
        self._base = data.base[columns]
        self._share = share[columns]
        self._spread = spread[columns]
        self._map = anchor_map.restricted(columns)
        self._joints = {name: np.searchsorted(columns, v) for name, v in data.joints.items()}
        self._scales = {
            name: (np.searchsorted(columns, p.fit.scale_vertices), p.fit.scale_lengths)
            for name, p in _brows(data).items()
        }
        self._rows = {name: row for row, name in enumerate(data.target_names)}
        self._modes = modes
        flat = (columns[:, None] * 3 + np.arange(3)).ravel()
        self._targets = np.asarray(data.targets[:, flat].toarray(), dtype=np.float32)
        self._units = np.array(
            [
                [self._rows[f"expression/units/{a}/{unit}"] for unit in EXPRESSION_UNITS]
                for a in ANCESTRIES
            ]
        )

    def anchors(
        self, shapes: Sequence[HeadShape], poses: Sequence[HeadPose], brows: Sequence[str]
    ) -> Anchors:
        """Anchors with leading dimension B.

        Args:
            shapes: B subjects.
            poses: B poses.
            brows: The brow mesh of each subject.
        """
        pieces: list[list[FloatArray]] = [[], [], [], [], []]
        for start in range(0, len(shapes), _CHUNK):
            part = slice(start, start + _CHUNK)
            neutral = self._neutral(shapes[part])
            moved = neutral + self._expression(shapes[part], poses[part], neutral)
            for one in zip(neutral, moved, poses[part], brows[part], strict=True):
                for piece, value in zip(pieces, self._posed(*one), strict=True):
                    piece.append(value)
        fixed, brow_points, pupils, axes, origin = (np.stack(piece) for piece in pieces)
        return self._map.assemble(fixed, brow_points, pupils, axes, origin)

    def _neutral(self, shapes: Sequence[HeadShape]) -> FloatArray:
        """(B, n, 3), origin between the eyes."""
        weights = np.stack([target_weights(s, self._rows, self._modes) for s in shapes])
        neutral = self._base + (weights @ self._targets).reshape(len(shapes), -1, 3)
        for index, shape in enumerate(shapes):
            if shape.warp:
                neutral[index] += self._spread @ np.array(shape.warp, dtype=np.float32)
        eyes = [neutral[:, self._joints[f"{side}-eye"]].mean(axis=1) for side in "lr"]
        return neutral - 0.5 * (eyes[0] + eyes[1])[:, None]

    def _expression(
        self, shapes: Sequence[HeadShape], poses: Sequence[HeadPose], neutral: FloatArray
    ) -> FloatArray:
        """Offsets (B, n, 3) of neutral vertices (B, n, 3)."""
        weights = np.zeros((len(shapes), len(self._rows)), dtype=np.float32)
        ancestry = np.array([s.ancestry for s in shapes], dtype=np.float32)
        units = np.array([p.expression for p in poses], dtype=np.float32)
        weights[:, self._units] = ancestry[:, :, None] * units[:, None, :]
        rows, lips = self._units.ravel(), self._units[:, LOPSIDED].ravel()
        offsets = (weights[:, rows] @ self._targets[rows]).reshape(len(shapes), -1, 3)
        of_lips = (weights[:, lips] @ self._targets[lips]).reshape(len(shapes), -1, 3)
        lopsided = np.array([[p.lopsided] for p in poses], dtype=np.float32)
        moved: FloatArray = offsets + of_lips * side_gain(neutral[..., 0], lopsided)[..., None]
        return moved

    def _posed(
        self, neutral: FloatArray, moved: FloatArray, pose: HeadPose, brow: str
    ) -> tuple[FloatArray, ...]:
        """Fixed points, brow points, pupils, axes and origin of one face."""
        joint = {name: neutral[index].mean(axis=0) for name, index in self._joints.items()}
        pivot = neck_pivot(joint["neck"], joint["head"])
        angles = (pose.yaw, pose.pitch, pose.roll)
        shift = np.array(pose.translation, dtype=np.float32)
        posed = turn(moved, self._share, pivot, angles, shift)
        vertices, lengths = self._scales[brow]
        ends = neutral[vertices, np.arange(3)[:, None]]
        scale = np.abs(ends[:, 0] - ends[:, 1]) / lengths
        eyes = np.stack([joint["l-eye"], joint["r-eye"]])
        return posed_points(self._map, posed, pose, brow, scale, eyes, pivot)


def neck_pivot(neck: FloatArray, head: FloatArray) -> FloatArray:
    """The point the head turns about, between the neck's foot and the skull's base."""
    return (0.4 * neck + 0.6 * head).astype(np.float32)


def posed_points(
    anchor_map: AnchorMap,
    posed: FloatArray,
    pose: HeadPose,
    brow: str,
    scale: FloatArray,
    eyes: FloatArray,
    pivot: FloatArray,
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]:
    """What `AnchorMap.assemble` needs, of one face.

    Args:
        anchor_map: Over the same vertices as `posed`.
        posed: (V, 3) base vertices after expression and turning.
        pose: The pose they were turned by.
        brow: Name of the brow mesh.
        scale: (3,) axis scale of the brow mesh.
        eyes: (2, 3) unposed eyeball centres, left and right.
        pivot: (3,) what the head turned about.
    """
    turned = rotation(pose.yaw, pose.pitch, pose.roll).astype(np.float32)
    brows = np.asarray(anchor_map.brows[brow] @ posed)
    brows = brows + (anchor_map.brow_offsets[brow] * scale) @ turned.T
    centres = (eyes - pivot) @ turned.T + pivot + np.array(pose.translation, dtype=np.float32)
    pupils = [
        centre + turned @ (rotation(*gaze, 0.0)[:, 2] * PUPIL_RADIUS)
        for centre, gaze in zip(centres[::-1], (pose.gaze_right, pose.gaze_left), strict=True)
    ]
    return (
        np.asarray(anchor_map.fixed @ posed),
        brows.astype(np.float32),
        np.stack(pupils).astype(np.float32),
        turned.T,
        centres.mean(axis=0).astype(np.float32),
    )


def _brows(data: HeadData) -> dict[str, Proxy]:
    return {n.split("/")[1]: p for n, p in data.proxies.items() if n.startswith("eyebrows/")}

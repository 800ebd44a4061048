"""Where on the skin's texture what belongs: maps of lips, beard, cheeks, T-zone … of a head.

Made once a head from its neutral subject: the skin mesh is drawn flat into its texture, so that
every texel knows its place on the face, and the maps are formulas over those places in units of
the distance between the outer eye corners.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.synthesis.raster import TWO_SIDED, Fragments, rasterise
from core.synthesis.template import HeadPose, HeadShape, HeadTemplate, Part

FloatArray = NDArray[np.floating]

_HEAD_PARTS = (
    Part.SKIN, Part.NOSE, Part.UPPER_LIP, Part.LOWER_LIP, Part.EAR_LEFT, Part.EAR_RIGHT, Part.SCALP
)  # fmt: skip


MASKS = (
    "lips", "plain", "beard", "cheeks", "lids", "t_zone", "freckles", "wrinkles", "scalp"
)  # fmt: skip
NOISES = ("pores", "mottle", "freckles", "grain")


@dataclass(frozen=True, eq=False)
class SkinAtlas:
    """Maps over a window of the skin texture (the head's part of it)."""

    size: int  # side of the whole texture
    rows: slice  # the window
    columns: slice
    masks: FloatArray  # (len(MASKS), h, w) 0…1
    noise: FloatArray  # (len(NOISES), h, w): pores, mottle have sd 1; freckles, grain are 0…1


def build_atlas(template: HeadTemplate, size: int) -> SkinAtlas:
    """Draw the maps for a head at one texture size."""
    shape = HeadShape(template=template.name)
    head = template.deform(shape, HeadPose())
    index = next(i for i, layer in enumerate(head.layers) if layer.kind == "skin")
    layer, points = head.layers[index], head.vertices[index]
    on_head = np.isin(layer.parts, _HEAD_PARTS)
    painted = on_head | (layer.parts == Part.NECK)  # beards run down the neck
    rows, columns = _window(layer.uv[layer.triangles[on_head].ravel()] * size, size)
    hw = (rows.stop - rows.start, columns.stop - columns.start)
    drawn = Fragments.empty(hw)
    xy = layer.uv * size - np.float32(0.5) - np.array([columns.start, rows.start], np.float32)
    mode = np.where(painted, TWO_SIDED, 0).astype(np.uint8)
    flat = np.ones(len(points), np.float32)
    rasterise(xy.astype(np.float32), flat, layer.triangles, mode, drawn)
    corners = points[layer.triangles[np.maximum(drawn.triangle, 0)]]  # (h, w, 3, 3)
    b = drawn.barycentric
    weights = np.dstack([1 - b.sum(-1), b[..., 0], b[..., 1]])
    place = (corners * weights[..., None]).sum(2)
    part = np.where(drawn.triangle >= 0, layer.parts[np.maximum(drawn.triangle, 0)], 255)
    masks = _masks(place, part, head.anchors.ibug68, size)
    noise = _noise(hw, size)
    return SkinAtlas(
        size,
        rows,
        columns,
        np.stack([masks[name] for name in MASKS]).clip(0.0, 1.0).astype(np.float32),
        np.stack([noise[name] for name in NOISES]).astype(np.float32),
    )


def _window(texels: FloatArray, size: int) -> tuple[slice, slice]:
    low = np.maximum(np.floor(texels.min(0)).astype(int) - 4, 0)
    high = np.minimum(np.ceil(texels.max(0)).astype(int) + 4, size)
    return slice(int(low[1]), int(high[1])), slice(int(low[0]), int(high[0]))


def _step(value: FloatArray, start: float, stop: float) -> FloatArray:
    """0 before `start`, 1 after `stop`, smooth between (either order)."""
    t = np.clip((value - start) / (stop - start), 0.0, 1.0)
    return (t * t * (3.0 - 2.0 * t)).astype(np.float32)


def _masks(
    place: FloatArray, part: NDArray[np.uint8], marks: FloatArray, size: int
) -> dict[str, FloatArray]:
    """All maps; lengths are shares of the eye distance."""
    unit = float(np.linalg.norm(marks[45] - marks[36]))
    x, y, z = (place[..., k] / unit for k in range(3))
    m = marks / unit
    side = np.abs(x)
    blur = 0.003 * size
    lips = _soft(np.isin(part, (Part.UPPER_LIP, Part.LOWER_LIP)), blur * 0.6)
    nose = _soft(part == Part.NOSE, blur)
    ears = _soft(np.isin(part, (Part.EAR_LEFT, Part.EAR_RIGHT)), blur)
    skin = (part != 255).astype(np.float32)
    front = _step(z, m[0, 2] - 0.05, m[0, 2] + 0.25)
    brow_y, eye_y = m[17:27, 1].mean(), m[36:48, 1].mean()
    nose_y, chin_y, mouth_y = m[33, 1], m[8, 1], m[[48, 54], 1].mean()
    jaw_x = np.abs(m[[2, 14], 0]).mean()
    lid_distance = np.hypot(side - 0.34, (y - eye_y - 0.05) * 1.3)
    plain = front * skin * (1 - lips) * _step(side, 0.75, 0.6) * (part == Part.SKIN)
    plain *= _step(lid_distance, 0.15, 0.25)
    cheek_line = nose_y - 0.04 + (eye_y + 0.15 - nose_y) * _step(side / jaw_x, 0.35, 1.15) ** 1.5
    beard = _step(y, cheek_line + 0.1, cheek_line - 0.12) * _step(y, chin_y - 0.6, chin_y - 0.1)
    beard *= (1 - lips) * (1 - nose) * (1 - ears) * _step(z, m[0, 2] - 0.25, m[0, 2] - 0.05)
    under_lip = np.exp(-(((side - 0.12) / 0.07) ** 2 + ((y - mouth_y + 0.19) / 0.05) ** 2))
    cheeks = np.exp(-(((side - 0.52) / 0.2) ** 2 + ((y - nose_y - 0.06) / 0.16) ** 2))
    t_zone = np.exp(-((side / 0.13) ** 2)) * _step(y, nose_y - 0.1, nose_y)
    t_zone = np.maximum(t_zone, 0.8 * _step(y, brow_y, brow_y + 0.2) * np.exp(-((side / 0.4) ** 2)))
    t_zone = np.maximum(t_zone, 0.5 * cheeks)
    return {
        "lips": lips,
        "plain": plain + 1e-6,
        "beard": (beard * skin * (1 - 0.6 * under_lip)).astype(np.float32),
        "cheeks": (cheeks * skin).astype(np.float32),
        "lids": (np.exp(-((lid_distance / 0.13) ** 2)) * skin).astype(np.float32),
        "t_zone": (t_zone * front * skin).astype(np.float32),
        "freckles": (np.maximum(cheeks, np.exp(-((side / 0.3) ** 2)) * front * 0.7)
                     * (1 - lips)).astype(np.float32),
        "wrinkles": (_wrinkles(x, y, m) * front * (1 - lips)).astype(np.float32),
        "scalp": _soft(_large_pieces(part == Part.SCALP), blur * 2.0),
    }  # fmt: skip


def _wrinkles(x: FloatArray, y: FloatArray, m: FloatArray) -> FloatArray:
    """Lines of the forehead, between nose and mouth, and beside the eyes."""
    side = np.abs(x)
    above = y - m[17:27, 1].mean() - 0.06 * np.cos(6 * x)
    phase = above / 0.11 - np.round(above / 0.11)
    lines = np.exp(-((phase / 0.12) ** 2)) * _step(above, 0.08, 0.16) * _step(above, 0.6, 0.45)
    lines = lines * np.exp(-((side / 0.35) ** 2)) * 0.8
    wing, corner = np.abs(m[[31, 35]]).mean(0), m[[48, 54]]
    start = (wing[0] + 0.05, m[33, 1] + 0.08)
    stop = (np.abs(corner[:, 0]).mean() + 0.1, corner[:, 1].mean() - 0.05)
    lines = np.maximum(lines, np.exp(-((_to_segment(side, y, start, stop) / 0.022) ** 2)))
    eye = (np.abs(m[[36, 45], 0]).mean() + 0.05, m[36:48, 1].mean())
    for rise in (-0.07, 0.0, 0.07):
        stop = (eye[0] + 0.16, eye[1] + rise)
        away = _to_segment(side, y, (eye[0], eye[1] + 0.3 * rise), stop)
        lines = np.maximum(lines, 0.7 * np.exp(-((away / 0.012) ** 2)))
    bag = np.hypot((side - 0.33) / 1.5, y - m[36:48, 1].mean() + 0.02)
    return np.maximum(lines, 0.7 * np.exp(-(((bag - 0.15) / 0.02) ** 2)) * (y < eye[1] - 0.05))


def _to_segment(
    x: FloatArray, y: FloatArray, start: tuple[float, float], stop: tuple[float, float]
) -> FloatArray:
    dx, dy = stop[0] - start[0], stop[1] - start[1]
    t = np.clip(((x - start[0]) * dx + (y - start[1]) * dy) / (dx * dx + dy * dy), 0.0, 1.0)
    return np.hypot(x - start[0] - t * dx, y - start[1] - t * dy)


def _large_pieces(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Without specks: hair does not grow in the hollow of the ear."""
    _, piece, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    area = stats[:, cv2.CC_STAT_AREA].copy()
    area[0] = 0
    return np.asarray((area >= 0.1 * area.max())[piece] & mask)


def _soft(mask: NDArray[np.bool_], sigma_px: float) -> FloatArray:
    soft = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), max(sigma_px, 0.4))
    return np.asarray(soft, np.float32)


def _noise(hw: tuple[int, int], size: int) -> dict[str, FloatArray]:
    """Bank of random pictures; the same for every subject, who shift and mix them."""
    rng = np.random.default_rng(20)
    scale = size / 1024

    def clouds(sigma: float) -> FloatArray:
        wide = cv2.GaussianBlur(rng.normal(size=hw).astype(np.float32), (0, 0), sigma * scale)
        return (wide / wide.std()).astype(np.float32)

    spots = clouds(1.2)
    return {
        "pores": (0.6 * clouds(0.7) + 0.4 * clouds(1.6)).astype(np.float32),
        "mottle": (0.5 * clouds(5.0) + 0.5 * clouds(16.0)).astype(np.float32),
        "freckles": _step(spots, 1.3, 2.2) * (0.5 + 0.5 * _step(clouds(14.0), -1.0, 1.0)),
        "grain": _step(clouds(0.45), -1.5, 1.5),
    }

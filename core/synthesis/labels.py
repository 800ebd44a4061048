"""Ground truth from what the renderer saw: part masks, occlusion, visibility, depth, flow."""

from __future__ import annotations

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

from core.synthesis.camera import Camera
from core.synthesis.raster import HIDDEN, QUICK, Fragments, rasterise
from core.synthesis.render import OVERSAMPLING, Drawn
from core.synthesis.shading import NO_PART
from core.synthesis.template import Part

FloatArray = NDArray[np.float32]
Labels = NDArray[np.uint8]

#: Order of `parts14` (resources/schemes); "left" is the person's left.
PARTS14 = (
    "background", "skin", "left_brow", "right_brow", "left_eye", "right_eye", "nose", "upper_lip",
    "inner_mouth", "lower_lip", "hair", "ears", "neck", "glasses",
)  # fmt: skip

_TO_PARTS14: dict[Part, str] = {
    Part.SKIN: "skin", Part.NOSE: "nose", Part.UPPER_LIP: "upper_lip",
    Part.LOWER_LIP: "lower_lip", Part.MOUTH_INSIDE: "inner_mouth", Part.TEETH: "inner_mouth",
    Part.TONGUE: "inner_mouth", Part.EYE_LEFT: "left_eye", Part.EYE_RIGHT: "right_eye",
    Part.EAR_LEFT: "ears", Part.EAR_RIGHT: "ears", Part.NECK: "neck", Part.BODY: "background",
    Part.BROW_LEFT: "left_brow", Part.BROW_RIGHT: "right_brow", Part.HAIR: "hair",
    Part.BEARD: "skin", Part.GLASSES: "glasses", Part.HAT: "background",
    Part.OCCLUDER: "background",
}  # fmt: skip

#: Parts of the face proper: what a complete face mask holds. Brows lie on skin triangles.
_FACE = (
    Part.SKIN, Part.NOSE, Part.UPPER_LIP, Part.LOWER_LIP, Part.MOUTH_INSIDE, Part.TEETH,
    Part.TONGUE, Part.EYE_LEFT, Part.EYE_RIGHT,
)  # fmt: skip
_ON_FACE = (*_FACE, Part.BROW_LEFT, Part.BROW_RIGHT, Part.BEARD)

#: A landmark counts as seen if the surface before it is at most this much nearer, decimetres.
VISIBLE_WITHIN = 0.12


def parts14(labels: Labels, scalp_is_hair: bool) -> Labels:
    """Part masks of the `parts14` scheme.

    Args:
        labels: (2H, 2W) values of Part, NO_PART = nothing.
        scalp_is_hair: Whether this subject's bare scalp shows hair (shaved, or under a hair mesh).

    Returns:
        (H, W) uint8; each pixel has the class most of its four samples have.
    """
    table = np.zeros(256, np.uint8)
    for part, name in _TO_PARTS14.items():
        table[part] = PARTS14.index(name)
    table[Part.SCALP] = PARTS14.index("hair" if scalp_is_hair else "skin")
    return _majority(table[labels])


@njit(**QUICK)
def _majority(fine):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """The commonest of each 2×2 block; on a tie the top left one's. (H, W) uint8."""
    height, width = fine.shape[0] // 2, fine.shape[1] // 2
    out = np.empty((height, width), np.uint8)
    for y in range(height):
        for x in range(width):
            a, b = fine[2 * y, 2 * x], fine[2 * y, 2 * x + 1]
            c, d = fine[2 * y + 1, 2 * x], fine[2 * y + 1, 2 * x + 1]
            out[y, x] = b if (a not in (b, c, d)) and (b == c or b == d) else a
            if a != b and a != c and a != d and c == d and b != c:
                out[y, x] = c
    return out


def occlusion3(drawn: Drawn) -> tuple[Labels, NDArray[np.int32]]:
    """Background, face, occlusion; and the blobs of docs/METHODS.md D.

    The complete face is drawn again alone; where it is covered by anything (hands, hair, glasses'
    rims, hats) there is an occlusion. What the head itself hides is no occlusion.

    Returns:
        (H, W) uint8 of 0, 1, 2, and (H, W) int32 blob map: 0 background, 1 face, then one number
        for each connected occlusion.
    """
    mesh = drawn.mesh
    fine = drawn.camera.scaled(OVERSAMPLING)
    # Everything that belongs to the head hides; only then is a pixel asked whether it shows face.
    own = ~np.isin(mesh.parts, (Part.HAIR, Part.BEARD, Part.GLASSES, Part.HAT, Part.OCCLUDER))
    mode = np.where(own & (mesh.mode != HIDDEN), mesh.mode, HIDDEN).astype(np.uint8)
    alone = Fragments.empty(fine.image_hw)
    xy, depth = fine.project(drawn.points)
    rasterise(xy, depth, mesh.triangles, mode, alone)
    seen = np.where(alone.triangle >= 0, mesh.parts[np.maximum(alone.triangle, 0)], NO_PART)
    complete = np.isin(seen, _FACE)
    face = complete & np.isin(drawn.labels, _ON_FACE)
    both = _majority((complete.astype(np.uint8) + (complete & ~face)).astype(np.uint8))
    _count, pieces = cv2.connectedComponents((both == 2).astype(np.uint8), connectivity=8)
    blobs = np.where(both == 2, pieces + 1, both).astype(np.int32)
    return both, blobs


def face5(landmarks68: FloatArray, image_hw: tuple[int, int]) -> Labels:
    """The occlusion-complete mask of docs/METHODS.md A, (H, W)."""
    from core.masks.from_landmarks import paint_face5

    return paint_face5(landmarks68, image_hw)


def visible(points: FloatArray, drawn: Drawn) -> NDArray[np.bool_]:
    """Whether landmarks can be seen: nothing lies before them, and they are in the picture.

    Args:
        points: (M, 3) in world coordinates.
        drawn: The frame.
    """
    fine = drawn.camera.scaled(OVERSAMPLING)
    xy, depth = fine.project(points)
    height, width = drawn.labels.shape
    column, row = np.round(xy[:, 0]).astype(int), np.round(xy[:, 1]).astype(int)
    inside = (column >= 0) & (row >= 0) & (column < width) & (row < height)
    # Points lie on silhouettes: the farthest surface in the 3×3 neighbourhood decides.
    step = np.array([-1, 0, 1])
    rows = np.clip(row[:, None] + step, 0, height - 1)[:, :, None]
    columns = np.clip(column[:, None] + step, 0, width - 1)[:, None, :]
    nearness = drawn.fragments.nearness[rows, columns].min((1, 2))
    return inside & (depth - 1.0 / np.maximum(nearness, 1e-6) <= VISIBLE_WITHIN)


def depth_map(drawn: Drawn) -> FloatArray:
    """Distance along the view axis in decimetres, (H, W); inf where nothing was drawn."""
    near = drawn.fragments.nearness
    upper, lower = (
        np.maximum(near[::2, ::2], near[::2, 1::2]),
        np.maximum(near[1::2, ::2], near[1::2, 1::2]),
    )
    nearest = np.maximum(upper, lower)
    with np.errstate(divide="ignore"):
        return np.where(nearest > 0, 1.0 / nearest, np.inf).astype(np.float32)


def flow(drawn: Drawn, other_points: FloatArray, other_camera: Camera) -> FloatArray:
    """Where every pixel's surface goes: optical flow to another frame of the same shot.

    Args:
        drawn: This frame.
        other_points: (V, 3) the same vertices in the other frame.
        other_camera: Its camera.

    Returns:
        (H, W, 2) float32, pixels; NaN where no surface was drawn. Whether the point can be *seen*
        in the other frame is not asked.
    """
    triangle = np.ascontiguousarray(drawn.fragments.triangle[::2, ::2])
    bary = drawn.fragments.barycentric[::2, ::2]
    rows, columns = np.nonzero(triangle >= 0)
    corners = drawn.mesh.triangles[triangle[rows, columns]]
    b = bary[rows, columns]
    weights = np.stack([1 - b.sum(1), b[:, 0], b[:, 1]], 1)[..., None]
    here = drawn.camera.project((drawn.points[corners] * weights).sum(1))[0]
    there = other_camera.project((other_points[corners] * weights).sum(1))[0]
    out = np.full((*triangle.shape, 2), np.nan, np.float32)
    out[rows, columns] = there - here
    return out

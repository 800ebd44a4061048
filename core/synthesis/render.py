"""Draw a posed head and what is with it: z-buffer, light, alpha cards, 2×2 anti-aliasing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.synthesis import irradiance as sky
from core.synthesis import shading
from core.synthesis.camera import Camera
from core.synthesis.eye_shade import lid_distances
from core.synthesis.irradiance import Light
from core.synthesis.raster import (
    BLENDED,
    ONE_SIDED,
    TWO_SIDED,
    Fragments,
    fill_height_map,
    rasterise,
)
from core.synthesis.shading import Mesh
from core.synthesis.subject import ExtraMesh, Subject
from core.synthesis.template import Part, PosedHead

FloatArray = NDArray[np.float32]

OVERSAMPLING = 2
_SHADOW_RADIUS = 2.4  # decimetres round the head that height maps cover

# How much nearer than it is a card counts, and how much of a pixel it must cover to own it.
_PULL = np.ones(len(Part), np.float32)
_PULL[[Part.BROW_LEFT, Part.BROW_RIGHT]] = 1.008
_PULL[Part.LASHES] = 1.006
_PULL[[Part.HAIR, Part.BEARD]] = 1.001
_THRESHOLD = np.full(len(Part), 0.5, np.float32)
_THRESHOLD[[Part.BROW_LEFT, Part.BROW_RIGHT]] = 0.25
_THRESHOLD[Part.LASHES] = 9.0
_THRESHOLD[Part.BEARD] = 9.0


@dataclass(frozen=True, eq=False)
class Drawn:
    """A drawn head, before background and camera. Fine buffers are OVERSAMPLING × larger."""

    rgba: FloatArray  # (H, W, 4) premultiplied linear light
    labels: NDArray[np.uint8]  # (2H, 2W) values of Part, NO_PART where nothing was drawn
    fragments: Fragments  # (2H, 2W)
    mesh: Mesh
    points: FloatArray  # (V, 3) of `mesh`
    camera: Camera  # of the (H, W) picture


def join(
    subject: Subject, posed: PosedHead, extras: tuple[ExtraMesh, ...]
) -> tuple[Mesh, FloatArray]:
    """The subject's mesh and vertices with the extras appended."""
    points = np.concatenate([*posed.vertices, *(e.vertices for e in extras)]).astype(np.float32)
    mesh = subject.mesh
    if not extras:
        return mesh, points
    triangles, uv, weld = [mesh.triangles], [mesh.uv], [mesh.weld]
    parts, material, mode, casts = [mesh.parts], [mesh.material], [mesh.mode], [mesh.casts]
    vertex, next_weld = len(mesh.uv), int(mesh.weld.max()) + 1
    for index, extra in enumerate(extras):
        count = len(extra.triangles)
        triangles.append(extra.triangles + vertex)
        uv.append(extra.uv)
        weld.append(np.arange(len(extra.uv), dtype=np.int32) + next_weld)
        vertex, next_weld = vertex + len(extra.uv), next_weld + len(extra.uv)
        parts.append(np.full(count, extra.part, np.uint8))
        material.append(np.full(count, len(subject.textures) + index, np.int16))
        opaque = TWO_SIDED if extra.two_sided else ONE_SIDED
        mode.append(np.full(count, BLENDED if extra.alpha else opaque, np.uint8))
        casts.append(np.full(count, extra.casts and not extra.alpha, bool))
    joined = Mesh(
        np.concatenate(triangles).astype(np.int32), np.concatenate(uv).astype(np.float32),
        np.concatenate(weld).astype(np.int32), np.concatenate(parts), np.concatenate(material),
        np.concatenate(mode), np.concatenate(casts),
        np.concatenate([mesh.collar, np.ones((vertex - len(mesh.uv), 2), np.float32)]), mesh.cloth,
    )  # fmt: skip
    return joined, points


def draw(
    subject: Subject,
    posed: PosedHead,
    light: Light,
    camera: Camera,
    extras: tuple[ExtraMesh, ...] = (),
) -> Drawn:
    """Draw one frame.

    Args:
        subject: Whose textures and topology.
        posed: Vertices of this frame.
        light: Sky and key.
        camera: The view; its `image_hw` is the picture's size.
        extras: What else stands in the scene.
    """
    mesh, points = join(subject, posed, extras)
    fine = camera.scaled(OVERSAMPLING)
    xy, depth = fine.project(points)
    fragments = Fragments.empty(fine.image_hw)
    rasterise(xy, depth, mesh.triangles, mesh.mode, fragments)
    rgba = np.zeros((*fine.image_hw, 4), np.float32)
    labels = np.full(fine.image_hw, shading.NO_PART, np.uint8)
    _shade(subject, posed, light, camera, extras, mesh, points, xy, depth, fragments, rgba, labels)
    return Drawn(shading.halve(rgba), labels, fragments, mesh, points, camera)


def _shade(
    subject: Subject, posed: PosedHead, light: Light, camera: Camera,
    extras: tuple[ExtraMesh, ...], mesh: Mesh, points: FloatArray, xy: FloatArray,
    depth: FloatArray, fragments: Fragments, rgba: FloatArray, labels: NDArray[np.uint8],
) -> None:  # fmt: skip
    """Fill colour and labels from the fragments, then blend the cards."""
    centre = posed.anchors.origin + posed.anchors.axes.T @ np.array([0, -0.2, -0.7], np.float32)
    centre = centre.astype(np.float32)
    normals = sky.vertex_normals(points, mesh.triangles, mesh.weld)
    irradiance = sky.sky_irradiance(
        points, normals, mesh.triangles, mesh.casts, light.sky_directions, light.sky_rgb,
        centre, _SHADOW_RADIUS,
    )  # fmt: skip
    axes = sky.frame_towards(light.key_direction)
    scale = np.float32(0.5 * shading.KEY_MAP / _SHADOW_RADIUS)
    key_map = np.empty((shading.KEY_MAP, shading.KEY_MAP), np.float32)
    fill_height_map(points, axes, centre, scale, mesh.triangles, mesh.casts, key_map)
    materials = subject.materials(extras)
    paint = (materials.texels, materials.table, materials.response, shading.linear_table())
    eye = np.asarray(camera.position, np.float32)
    brightest = light.sky_directions[_frontal_brightness(light).argmax()]
    lamp = (eye, light.key_direction, light.key_rgb, brightest, axes, centre, scale, key_map)
    shading.shade_opaque(
        fragments.triangle, fragments.barycentric, mesh.triangles, mesh.material, mesh.parts,
        points, normals, mesh.uv, irradiance, *paint, *lamp, np.float32(light.key_softness),
        mesh.collar, mesh.cloth, lid_distances(posed, len(points)), rgba, labels,
    )  # fmt: skip
    cards = np.flatnonzero(mesh.mode == BLENDED)
    order = cards[np.argsort(-depth[mesh.triangles[cards]].mean(1), kind="stable")]
    cover = np.zeros((*labels.shape, 2), np.float32)
    shading.shade_cards(
        order, xy, depth, mesh.triangles, mesh.material, mesh.parts, points, normals, mesh.uv,
        irradiance, *paint, *lamp, _PULL, _THRESHOLD,
        fragments.triangle, fragments.barycentric, fragments.nearness, rgba, labels, cover,
    )  # fmt: skip


def _frontal_brightness(light: Light) -> FloatArray:
    """How strongly each sky patch could mirror in an eye that looks at the camera, (K,)."""
    return light.sky_rgb.sum(1) * np.maximum(light.sky_directions[:, 2], 0.0)

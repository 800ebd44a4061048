# ruff: noqa: ANN001, ANN202, ANN201  (numba derives the types of its kernels)
"""Colours of pixels: sky light that reached vertices, one hard light with shadows, shine, cards.

Everything is computed in linear light. `irradiance` says what of the sky arrives. Skin is lit
with a wrapped cosine whose red wraps farthest, a stand-in for scattering under the skin (Green,
GPU Gems ch. 16); highlights are Blinn–Phong with Schlick's Fresnel term.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from core.synthesis.raster import NEAR, QUICK, light_reaches
from core.synthesis.template import Part

FloatArray = NDArray[np.float32]

# Columns of `Materials.response`.
SHINE, EXPONENT, WRAP_RED, WRAP_GREEN, WRAP_BLUE, SHEEN = range(6)

KEY_MAP = 256  # cells across the height map of the hard light
NO_PART = 255
_DULL = np.float32(0.6)  # below this cosine no highlight is worth a power
_BODY, _NECK = int(Part.BODY), int(Part.NECK)
_EYE_LEFT, _EYE_RIGHT = int(Part.EYE_LEFT), int(Part.EYE_RIGHT)


@dataclass(frozen=True)
class Materials:
    """Textures and how they answer light. One row a material."""

    texels: NDArray[np.uint8]  # (N, 4) RGBA in sRGB, all textures end to end
    table: NDArray[np.int32]  # (M, 3): first texel, rows, columns
    response: FloatArray  # (M, 6): SHINE … SHEEN


@dataclass(frozen=True)
class Mesh:
    """All triangles of a scene, packed."""

    triangles: NDArray[np.int32]  # (F, 3)
    uv: FloatArray  # (V, 2), v down
    weld: NDArray[np.int32]  # (V,)
    parts: NDArray[np.uint8]  # (F,)
    material: NDArray[np.int16]  # (F,)
    mode: NDArray[np.uint8]  # (F,) see raster.py
    casts: NDArray[np.bool_]  # (F,) whether it throws a shadow
    collar: FloatArray  # (V, 2) height above the clothes and above the neck's foot; 1 elsewhere
    cloth: int  # material of the cloth, its part is BODY


def linear_table() -> FloatArray:
    """Linear light of the sRGB values 0 … 255, (256,)."""
    value = np.arange(256) / 255.0
    curve = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    return curve.astype(np.float32)


_LINEAR = linear_table()


@njit(inline="always", **QUICK)
def _texel(texels, linear, start, rows, columns, u, v):  # type: ignore[no-untyped-def]
    """Bilinear sample: linear r, g, b and alpha 0 … 1. The texture repeats."""
    x = (u - np.floor(u)) * np.float32(columns) - np.float32(0.5)
    y = (v - np.floor(v)) * np.float32(rows) - np.float32(0.5)
    x0, y0 = int(np.floor(x)), int(np.floor(y))
    fx, fy = x - np.float32(x0), y - np.float32(y0)
    x1, y1 = (x0 + 1) % columns, (y0 + 1) % rows
    x0, y0 = x0 % columns, y0 % rows
    a, b = start + y0 * columns + x0, start + y0 * columns + x1
    c, d = start + y1 * columns + x0, start + y1 * columns + x1
    ex, ey = np.float32(1.0) - fx, np.float32(1.0) - fy
    wa, wb, wc, wd = ex * ey, fx * ey, ex * fy, fx * fy
    r = wa * linear[texels[a, 0]] + wb * linear[texels[b, 0]] + wc * linear[texels[c, 0]] + wd * linear[texels[d, 0]]  # noqa: E501  # fmt: skip
    g = wa * linear[texels[a, 1]] + wb * linear[texels[b, 1]] + wc * linear[texels[c, 1]] + wd * linear[texels[d, 1]]  # noqa: E501  # fmt: skip
    bl = wa * linear[texels[a, 2]] + wb * linear[texels[b, 2]] + wc * linear[texels[c, 2]] + wd * linear[texels[d, 2]]  # noqa: E501  # fmt: skip
    al = wa * np.float32(texels[a, 3]) + wb * np.float32(texels[b, 3]) + wc * np.float32(texels[c, 3]) + wd * np.float32(texels[d, 3])  # noqa: E501  # fmt: skip
    return r, g, bl, al * np.float32(1.0 / 255.0)


@njit(inline="always", **QUICK)
def _lit(cosine, wrap, reach):  # type: ignore[no-untyped-def]
    """Wrapped cosine (Green 2004), squared near the terminator so that shadows stay soft."""
    value = (cosine + wrap) / (np.float32(1.0) + wrap)
    if value <= 0.0:
        return np.float32(0.0)
    return value * reach


@njit(**QUICK)
def _shade(  # type: ignore[no-untyped-def]
    px, py, pz, nx, ny, nz, er, eg, eb, r, g, b, gloss, response, eye, key, key_rgb, fill, reach
):
    """Light that leaves one point towards the eye: linear r, g, b."""
    vx, vy, vz = eye[0] - px, eye[1] - py, eye[2] - pz
    length = np.float32(1.0) / np.sqrt(vx * vx + vy * vy + vz * vz)
    vx, vy, vz = vx * length, vy * length, vz * length
    facing = nx * vx + ny * vy + nz * vz
    if facing < 0.0:
        nx, ny, nz, facing = -nx, -ny, -nz, -facing
    cosine = nx * key[0] + ny * key[1] + nz * key[2]
    # A lit pore-deep layer of skin bleeds red into its own shadow.
    red = reach + response[WRAP_RED] * np.float32(0.35) * reach * (np.float32(1.0) - reach)
    out_r = r * (er + key_rgb[0] * _lit(cosine, response[WRAP_RED], red))
    out_g = g * (eg + key_rgb[1] * _lit(cosine, response[WRAP_GREEN], reach))
    out_b = b * (eb + key_rgb[2] * _lit(cosine, response[WRAP_BLUE], reach))
    rest = np.float32(1.0) - facing
    fresnel = rest * rest * rest * rest * rest
    shine = response[SHINE] * gloss
    if shine > 0.0:
        hx, hy, hz = key[0] + vx, key[1] + vy, key[2] + vz
        half = (nx * hx + ny * hy + nz * hz) / np.sqrt(
            hx * hx + hy * hy + hz * hz + np.float32(1e-9)
        )
        if half > _DULL and cosine > 0.0:
            peak = (
                shine
                * reach
                * (np.float32(1.0) + np.float32(4.0) * fresnel)
                * half ** response[EXPONENT]
            )
            out_r += peak * key_rgb[0]
            out_g += peak * key_rgb[1]
            out_b += peak * key_rgb[2]
        # The brightest patch of the sky mirrors too, which keeps eyes alive without a hard light.
        hx, hy, hz = fill[0] + vx, fill[1] + vy, fill[2] + vz
        half = (nx * hx + ny * hy + nz * hz) / np.sqrt(
            hx * hx + hy * hy + hz * hz + np.float32(1e-9)
        )
        if half > _DULL:
            peak = shine * np.float32(0.6) * half ** response[EXPONENT]
            out_r += peak * er
            out_g += peak * eg
            out_b += peak * eb
    sheen = response[SHEEN] * fresnel
    return out_r + sheen * er, out_g + sheen * eg, out_b + sheen * eb


@njit(**QUICK)
def shade_opaque(  # type: ignore[no-untyped-def]
    triangle_of, bary, triangles, material, parts, points, normals, uv, irradiance,
    texels, table, response, linear,
    eye, key, key_rgb, fill, key_axes, centre, scale, key_map, softness,
    collar, cloth, lids, rgba, labels,
):  # fmt: skip
    """Colour every pixel the z-buffer filled: premultiplied linear RGBA and part labels."""
    height, width = triangle_of.shape
    for y in range(height):
        for x in range(width):
            f = triangle_of[y, x]
            if f < 0:
                continue
            a, b, c = triangles[f, 0], triangles[f, 1], triangles[f, 2]
            wb, wc = bary[y, x, 0], bary[y, x, 1]
            wa = np.float32(1.0) - wb - wc
            px = wa * points[a, 0] + wb * points[b, 0] + wc * points[c, 0]
            py = wa * points[a, 1] + wb * points[b, 1] + wc * points[c, 1]
            pz = wa * points[a, 2] + wb * points[b, 2] + wc * points[c, 2]
            nx = wa * normals[a, 0] + wb * normals[b, 0] + wc * normals[c, 0]
            ny = wa * normals[a, 1] + wb * normals[b, 1] + wc * normals[c, 1]
            nz = wa * normals[a, 2] + wb * normals[b, 2] + wc * normals[c, 2]
            length = np.float32(1.0) / np.sqrt(nx * nx + ny * ny + nz * nz + np.float32(1e-12))
            nx, ny, nz = nx * length, ny * length, nz * length
            u = wa * uv[a, 0] + wb * uv[b, 0] + wc * uv[c, 0]
            v = wa * uv[a, 1] + wb * uv[b, 1] + wc * uv[c, 1]
            er = wa * irradiance[a, 0] + wb * irradiance[b, 0] + wc * irradiance[c, 0]
            eg = wa * irradiance[a, 1] + wb * irradiance[b, 1] + wc * irradiance[c, 1]
            eb = wa * irradiance[a, 2] + wb * irradiance[b, 2] + wc * irradiance[c, 2]
            m, part = material[f], parts[f]
            if part == _NECK or part == _BODY:
                above = wa * collar[a, 1] + wb * collar[b, 1] + wc * collar[c, 1]
                part = _NECK if above >= 0.0 else _BODY
            if wa * collar[a, 0] + wb * collar[b, 0] + wc * collar[c, 0] < 0.0:
                m, part = cloth, _BODY
                u, v = u * np.float32(7.0), v * np.float32(7.0)
            r, g, bl, gloss = _texel(texels, linear, table[m, 0], table[m, 1], table[m, 2], u, v)
            reach = _soft_reach(px, py, pz, nx, ny, nz, key_axes, centre, scale, key_map, softness)
            if part == _EYE_LEFT or part == _EYE_RIGHT:
                below = wa * lids[a, 0] + wb * lids[b, 0] + wc * lids[c, 0]
                above = wa * lids[a, 1] + wb * lids[b, 1] + wc * lids[c, 1]
                open_sky = _under_lids(below, above)
                reach *= open_sky
                er, eg, eb = er * open_sky, eg * open_sky, eb * open_sky
            r, g, bl = _shade(
                px, py, pz, nx, ny, nz, er, eg, eb, r, g, bl, gloss, response[m],
                eye, key, key_rgb, fill, reach,
            )  # fmt: skip
            rgba[y, x, 0], rgba[y, x, 1], rgba[y, x, 2] = r, g, bl
            rgba[y, x, 3] = 1.0
            labels[y, x] = part


@njit(inline="always", **QUICK)
def _under_lids(below, above):  # type: ignore[no-untyped-def]
    """Share of light that lids and lashes let through, by distances in eye widths."""
    upper = np.float32(0.72) * np.exp(-below * np.float32(9.0))
    lower = np.float32(0.35) * np.exp(-above * np.float32(16.0))
    return (np.float32(1.0) - upper) * (np.float32(1.0) - lower)


@njit(**QUICK)
def _soft_reach(px, py, pz, nx, ny, nz, axes, centre, scale, key_map, softness):  # type: ignore[no-untyped-def]
    """Light reaching a point, averaged over four taps across the light's disc."""
    lift = np.float32(0.02)
    px, py, pz = px + nx * lift, py + ny * lift, pz + nz * lift
    total = np.float32(0.0)
    for tap in range(4):
        du = softness * (np.float32(0.92) if tap < 2 else np.float32(0.38))
        dv = softness * (np.float32(0.38) if tap < 2 else np.float32(0.92))
        if tap % 2 == 1:
            du, dv = -du, -dv
        if tap >= 2:
            du = -du
        total += light_reaches(
            px + du * axes[0, 0] + dv * axes[1, 0],
            py + du * axes[0, 1] + dv * axes[1, 1],
            pz + du * axes[0, 2] + dv * axes[1, 2],
            axes, centre, scale, key_map, np.float32(0.03) + softness,
        )  # fmt: skip
    return total * np.float32(0.25)


@njit(**QUICK)
def shade_cards(  # type: ignore[no-untyped-def]
    order, xy, depth, triangles, material, parts, points, normals, uv, irradiance,
    texels, table, response, linear,
    eye, key, key_rgb, fill, key_axes, centre, scale, key_map,
    pull, threshold,
    triangle_of, bary, nearness, rgba, labels, cover,
):  # fmt: skip
    """Blend alpha cards over the picture, in the order given (far to near).

    A pixel belongs to the card's part once enough cards of that part have covered it
    (`threshold`, by part; above 1 = never). `pull` (by part) is how much nearer than it is a card
    counts in the depth test, so that brows do not sink into the skin they lie on.
    """
    height, width = triangle_of.shape
    for n in range(order.shape[0]):
        f = order[n]
        a, b, c = triangles[f, 0], triangles[f, 1], triangles[f, 2]
        if depth[a] < NEAR or depth[b] < NEAR or depth[c] < NEAR:
            continue
        ax, ay = xy[a, 0], xy[a, 1]
        abx, aby = xy[b, 0] - ax, xy[b, 1] - ay
        acx, acy = xy[c, 0] - ax, xy[c, 1] - ay
        area = abx * acy - acx * aby
        if area == 0.0:
            continue
        left = max(0, int(np.ceil(ax + min(0.0, abx, acx))))
        right = min(width - 1, int(np.floor(ax + max(0.0, abx, acx))))
        top = max(0, int(np.ceil(ay + min(0.0, aby, acy))))
        bottom = min(height - 1, int(np.floor(ay + max(0.0, aby, acy))))
        inverse = np.float32(1.0) / area
        da, db, dc = 1.0 / depth[a], 1.0 / depth[b], 1.0 / depth[c]
        m, part = material[f], parts[f]
        # One shadow test and one lighting a card: cards are a few pixels wide.
        mx = (points[a, 0] + points[b, 0] + points[c, 0]) / 3
        my = (points[a, 1] + points[b, 1] + points[c, 1]) / 3
        mz = (points[a, 2] + points[b, 2] + points[c, 2]) / 3
        reach = light_reaches(mx, my, mz, key_axes, centre, scale, key_map, np.float32(0.12))
        for y in range(top, bottom + 1):
            for x in range(left, right + 1):
                s = ((x - ax) * acy - (y - ay) * acx) * inverse
                t = ((y - ay) * abx - (x - ax) * aby) * inverse
                if s < 0.0 or t < 0.0 or s + t > 1.0:
                    continue
                near = da + s * (db - da) + t * (dc - da)
                if near * pull[part] < nearness[y, x]:
                    continue
                wb, wc = np.float32(s * db / near), np.float32(t * dc / near)
                wa = np.float32(1.0) - wb - wc
                u = wa * uv[a, 0] + wb * uv[b, 0] + wc * uv[c, 0]
                v = wa * uv[a, 1] + wb * uv[b, 1] + wc * uv[c, 1]
                r, g, bl, alpha = _texel(
                    texels, linear, table[m, 0], table[m, 1], table[m, 2], u, v
                )
                if alpha < 0.01:
                    continue
                nx = wa * normals[a, 0] + wb * normals[b, 0] + wc * normals[c, 0]
                ny = wa * normals[a, 1] + wb * normals[b, 1] + wc * normals[c, 1]
                nz = wa * normals[a, 2] + wb * normals[b, 2] + wc * normals[c, 2]
                length = np.float32(1.0) / np.sqrt(nx * nx + ny * ny + nz * nz + np.float32(1e-12))
                er = wa * irradiance[a, 0] + wb * irradiance[b, 0] + wc * irradiance[c, 0]
                eg = wa * irradiance[a, 1] + wb * irradiance[b, 1] + wc * irradiance[c, 1]
                eb = wa * irradiance[a, 2] + wb * irradiance[b, 2] + wc * irradiance[c, 2]
                r, g, bl = _shade(
                    mx, my, mz, nx * length, ny * length, nz * length, er, eg, eb, r, g, bl,
                    np.float32(1.0), response[m], eye, key, key_rgb, fill, reach,
                )  # fmt: skip
                rest = np.float32(1.0) - alpha
                rgba[y, x, 0] = rgba[y, x, 0] * rest + r * alpha
                rgba[y, x, 1] = rgba[y, x, 1] * rest + g * alpha
                rgba[y, x, 2] = rgba[y, x, 2] * rest + bl * alpha
                rgba[y, x, 3] = rgba[y, x, 3] * rest + alpha
                if threshold[part] > 1.0:
                    continue
                if cover[y, x, 0] != part:
                    cover[y, x, 0], cover[y, x, 1] = part, 0.0
                cover[y, x, 1] = np.float32(1.0) - (np.float32(1.0) - cover[y, x, 1]) * rest
                if cover[y, x, 1] >= threshold[part]:
                    labels[y, x] = part
                    triangle_of[y, x] = f
                    bary[y, x, 0], bary[y, x, 1] = wb, wc
                    if near > nearness[y, x]:
                        nearness[y, x] = near


@njit(**QUICK)
def halve(rgba):  # type: ignore[no-untyped-def]
    """2×2 box filter, (2H, 2W, 4) to (H, W, 4)."""
    height, width = rgba.shape[0] // 2, rgba.shape[1] // 2
    out = np.empty((height, width, 4), np.float32)
    quarter = np.float32(0.25)
    for y in range(height):
        for x in range(width):
            for k in range(4):
                out[y, x, k] = quarter * (
                    rgba[2 * y, 2 * x, k] + rgba[2 * y, 2 * x + 1, k]
                    + rgba[2 * y + 1, 2 * x, k] + rgba[2 * y + 1, 2 * x + 1, k]
                )  # fmt: skip
    return out

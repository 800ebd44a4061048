"""Drawing faces onto frames: masks, contours, landmarks, boxes, names. No Qt; the exported video.

Strokes and points grow with the face, so that a face of 80 pixels and one of 800 are equally
legible. OpenCV's coordinates are this program's own (integer = pixel centre), given to 1/16 pixel.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core import paths
from core.annotations.records import FaceRecord
from core.errors import InputError
from core.geometry import box_of_points
from core.masks.colouring import blend, stain
from core.masks.label_map import LabelMap
from core.schemes import LandmarkScheme, MaskScheme
from core.schemes.landmarks import Colour

LAYERS = ("masks", "contours", "landmarks", "boxes", "names")
"""What can be drawn, in drawing order."""

TRACK_COLOURS: tuple[Colour, ...] = (
    (86, 180, 233), (230, 159, 0), (0, 158, 115), (204, 121, 167), (240, 228, 66), (213, 94, 0),
)  # fmt: skip
"""Okabe and Ito's colour-blind-safe colours, a face after the other."""

MASK_OPACITY = 0.42
_SHIFT = 4  # fractional bits OpenCV is given
_HALO = (16, 16, 16)
_HALO_OPACITY = 0.55

Picture = NDArray[np.uint8]


def parse_layers(text: str) -> tuple[str, ...]:
    """Layers from a list with commas, in drawing order.

    Raises:
        InputError: If one is unknown; lists the known ones.
    """
    wanted = {part.strip() for part in text.split(",") if part.strip()}
    unknown = sorted(wanted - set(LAYERS))
    if unknown or not wanted:
        raise InputError(f'"{text}" are no layers to draw; known: {", ".join(LAYERS)}.')
    return tuple(layer for layer in LAYERS if layer in wanted)


def draw_faces(
    rgb: Picture,
    faces: Sequence[FaceRecord],
    scheme: LandmarkScheme | None,
    mask_schemes: Sequence[MaskScheme],
    layers: Sequence[str] = LAYERS,
) -> None:
    """Draw the faces of one frame, in place.

    Args:
        rgb: (H, W, 3) uint8.
        faces: In frame coordinates.
        scheme: Of the landmarks; None draws none.
        mask_schemes: Of the label maps, the first one drawn first.
        layers: Which of `LAYERS`.
    """
    for face in faces:
        unit = _unit(face)
        if "masks" in layers:
            for mask_scheme in mask_schemes:
                label_map = face.label_maps.get(mask_scheme.name)
                if label_map is not None:
                    draw_mask(rgb, label_map, mask_scheme, unit)
        if scheme is not None and face.landmarks is not None:
            if "contours" in layers:
                draw_contours(rgb, face.landmarks, scheme, unit)
            if "landmarks" in layers:
                draw_landmarks(rgb, face, scheme, unit)
        if "boxes" in layers:
            draw_box(rgb, face, unit)
        if "names" in layers:
            draw_name(rgb, face, unit)


def draw_mask(rgb: Picture, label_map: LabelMap, scheme: MaskScheme, unit: float) -> None:
    """Classes half transparent, each with an outline in its full colour."""
    blend(rgb, label_map, scheme.palette, MASK_OPACITY)
    offset = np.array([label_map.x0, label_map.y0], dtype=np.float64)
    for value in np.flatnonzero(np.bincount(label_map.labels.reshape(-1), minlength=1)):
        if value == 0:
            continue
        region = np.pad((label_map.labels == value).astype(np.uint8), 1)
        outlines, _ = cv2.findContours(region, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
        smooth = [_smoothed(outline[:, 0] - 1.0, unit) + offset for outline in outlines]
        _stroke(rgb, smooth, scheme.classes[value].colour, _width(unit), closed=True)


def draw_contours(
    rgb: Picture, xy: NDArray[np.float32], scheme: LandmarkScheme, unit: float
) -> None:
    """The scheme's curves, thin, over a dark halo."""
    colours = scheme.point_colours
    curves = []
    for contour in scheme.contours:
        curve = contour.curve(xy, per_interval=8)
        if np.isfinite(curve).all():
            middle = contour.points[len(contour.points) // 2]
            curves.append((curve, contour.closed, _rgb(colours[middle])))
    width = _width(unit)
    _halo(rgb, [(curve, closed) for curve, closed, _ in curves], width + 2)
    for curve, closed, colour in curves:
        _stroke(rgb, [curve], colour, width, closed)


def draw_landmarks(rgb: Picture, face: FaceRecord, scheme: LandmarkScheme, unit: float) -> None:
    """Points in the colour of their part; a hidden one is a ring."""
    assert face.landmarks is not None
    radius = min(max(0.011 * unit, 0.9), 9.0)
    rim = 1.45 if radius > 1.6 else 0.0  # on a small face rims would hide the face
    for j, (xy, colour) in enumerate(zip(face.landmarks, scheme.point_colours, strict=True)):
        if not np.isfinite(xy).all():
            continue
        hidden = face.visible is not None and not face.visible[j]
        if rim:
            _disc(rgb, xy, radius * rim, _HALO)
        _disc(rgb, xy, radius, _rgb(colour))
        if hidden:
            _disc(rgb, xy, radius * 0.6, _HALO)


def draw_box(rgb: Picture, face: FaceRecord, unit: float) -> None:
    """The corners of the face's box in the track's colour."""
    if not np.isfinite(face.box_xyxy).all():
        return
    x0, y0, x1, y1 = (float(value) for value in face.box_xyxy)
    arm = 0.16 * min(x1 - x0, y1 - y0)
    corners = [
        np.array([[x, y + dy * arm], [x, y], [x + dx * arm, y]])
        for x, dx in ((x0, 1), (x1, -1))
        for y, dy in ((y0, 1), (y1, -1))
    ]
    width = _width(unit) + (unit > 120)
    _halo(rgb, [(corner, False) for corner in corners], width + 2)
    _stroke(rgb, corners, track_colour(face.track_id), width, closed=False)


def draw_name(rgb: Picture, face: FaceRecord, unit: float) -> None:
    """The face's name or number on a dark label above its box, below or in it without room."""
    box, (frame_height, frame_width) = face.box_xyxy, rgb.shape[:2]
    if not ((box[:2] < (frame_width, frame_height)).all() and (box[2:] >= 0).all()):
        return  # outside the frame, or NaN
    text = getattr(face, "name", "") or f"face {face.track_id}"
    label = _label(text[:40], int(min(max(0.065 * unit, 11), 64)))
    height, width = label.shape
    x, y = round(float(box[0])), round(float(box[1])) - height - 3
    if y < 0:
        y = round(float(box[3])) + 3
    if y + height > frame_height:
        y = max(round(float(box[1])) + 3, 0)
    ink = LabelMap(label, min(max(x, 0), max(frame_width - width, 0)), y)
    inside, in_crop = ink.overlap((rgb.shape[0], rgb.shape[1]))
    part = rgb[inside].astype(np.float32)
    alpha = label[in_crop].astype(np.float32)[..., None] / 255
    plate = 0.35 * part + 0.65 * np.array(_HALO, dtype=np.float32)
    colour = np.array(track_colour(face.track_id), dtype=np.float32)
    bright = 0.35 * colour + 0.65 * 255
    rgb[inside] = (plate * (1 - alpha) + bright * alpha + 0.5).astype(np.uint8)


def track_colour(track_id: int) -> Colour:
    """A face's colour by its track."""
    return TRACK_COLOURS[track_id % len(TRACK_COLOURS)]


def _unit(face: FaceRecord) -> float:
    """The face's size in pixels: mean of width and height of its landmarks, else of its box."""
    box = face.box_xyxy
    if face.landmarks is not None and np.isfinite(face.landmarks).any():
        box = box_of_points(face.landmarks).astype(np.float32)
    size = float(box[2] - box[0] + box[3] - box[1]) / 2
    return size if np.isfinite(size) and size > 0 else 100.0


def _width(unit: float) -> int:
    return int(min(max(round(unit / 260), 1), 8))


def _rgb(colour: NDArray[np.uint8]) -> Colour:
    return int(colour[0]), int(colour[1]), int(colour[2])


def _fixed(xy: NDArray[np.floating]) -> NDArray[np.int32]:
    """Coordinates as OpenCV's fixed-point numbers; far-away ones are pulled in, it would wrap."""
    return np.rint(np.clip(xy, -30_000, 30_000) * (1 << _SHIFT)).astype(np.int32)


def _stroke(
    rgb: Picture, curves: Sequence[NDArray[Any]], colour: Colour, width: int, closed: bool
) -> None:
    points = [_fixed(curve) for curve in curves]
    cv2.polylines(rgb, points, closed, colour, width, cv2.LINE_AA, _SHIFT)


def _halo(rgb: Picture, curves: Sequence[tuple[NDArray[Any], bool]], width: int) -> None:
    """A dark, half transparent stroke underneath, only where the curves are."""
    if not curves:
        return
    points = np.concatenate([curve for curve, _ in curves])
    low = np.clip(np.floor(points.min(axis=0)) - width, 0, rgb.shape[1::-1]).astype(int)
    high = np.clip(np.ceil(points.max(axis=0)) + width + 1, low, rgb.shape[1::-1]).astype(int)
    part = rgb[low[1] : high[1], low[0] : high[0]]
    if part.size == 0:
        return
    ink = np.zeros(part.shape[:2], np.uint8)
    for curve, closed in curves:
        points = _fixed(curve - low)
        cv2.polylines(ink, [points], closed, 255, width, cv2.LINE_AA, _SHIFT)
    stain(part, ink, _HALO, _HALO_OPACITY)


_TURN = np.linspace(0, 2 * np.pi, 20, endpoint=False)
_CIRCLE = np.stack([np.cos(_TURN), np.sin(_TURN)], axis=1)


def _disc(rgb: Picture, xy: NDArray[np.float32], radius: float, colour: Colour) -> None:
    """A filled circle; cv2.circle makes diamonds of radii of two pixels."""
    outline = _fixed(xy + max(radius - 0.3, 0.2) * _CIRCLE)  # the smoothed rim adds about 0.3
    cv2.fillConvexPoly(rgb, outline, colour, cv2.LINE_AA, _SHIFT)


def _smoothed(outline: NDArray[np.floating], unit: float) -> NDArray[np.floating]:
    """A closed pixel outline without its staircase: a moving mean of a few pixels."""
    reach = min(max(round(unit / 200), 1), 6)
    if len(outline) < 6 * reach:
        return outline
    padded = np.concatenate([outline[-reach:], outline, outline[:reach]])
    total = np.cumsum(np.pad(padded, ((1, 0), (0, 0))), axis=0)
    window = 2 * reach + 1
    return np.asarray((total[window:] - total[:-window]) / window)


@lru_cache(maxsize=64)
def _label(text: str, size_px: int) -> Picture:
    """The ink of a line of text with room round it, (h, w) uint8 coverage."""
    from PIL import Image, ImageDraw, ImageFont

    font = ImageFont.truetype(
        str(paths.resources() / "fonts" / "SourceSansPro-Semibold.ttf"), size_px
    )
    left, _, right, _ = font.getbbox(text, anchor="ls")
    room = size_px // 3
    width, height = int(right - left) + 2 * room, size_px + room
    image = Image.new("L", (width, height))
    baseline = room // 2 + round(0.8 * size_px)
    ImageDraw.Draw(image).text((room - left, baseline), text, fill=255, font=font, anchor="ls")
    return np.array(image)

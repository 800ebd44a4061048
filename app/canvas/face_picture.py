"""What the overlay of one face draws, worked out once a frame from its record: no painting here."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QImage, QPolygonF

from app import convert, data_colours, schemes
from app.data_colours import Mark, Rgb
from app.layers import Layers, LayerState

_CONFIDENCE_STEPS = 8
"""Confidences are shown in this many colours, so that points share their sprites."""

_CURVE_STEPS = 5
"""Straight pieces from one landmark to the next: finer ones cannot be told from a curve."""
_HURRIED_STEPS = 2
"""The same while playing: a sixtieth of a second shows no more, and each piece costs."""


@dataclass(frozen=True)
class PointGroup:
    """Landmarks that look the same."""

    mark: Mark
    colour: Rgb
    xy: NDArray[np.float64]
    """(P, 2) scene coordinates."""
    is_hidden: bool
    """Points that the face itself or something else covers: drawn faint."""


@dataclass(frozen=True)
class Line:
    """One contour."""

    polygon: QPolygonF
    closed: bool
    colour: Rgb


@dataclass(frozen=True)
class Area:
    """A label map, filled."""

    image: QImage
    target: QRectF


@dataclass(frozen=True)
class FacePicture:
    """Everything there is to draw of one face, in scene coordinates."""

    track_id: int
    name: str
    bounds: QRectF
    box: QRectF
    box_colour: Rgb
    mark: Mark
    score: float
    areas: list[Area] = field(default_factory=list)
    outlines: list[Line] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    points: list[PointGroup] = field(default_factory=list)
    numbers: list[tuple[QPointF, str]] = field(default_factory=list)


def build(
    face: Any, name: str, scheme_name: str | None, layers: Layers, hurry: float | None = None
) -> FacePicture:
    """Work out what to draw of a face.

    Args:
        face: A FaceRecord (or ShownFace, whose points know their own sources).
        name: What the person is called.
        scheme_name: Scheme of the landmarks; None draws points without lines.
        layers: What is shown; nothing is worked out for hidden layers.
        hurry: For one of many frames shown in passing: the canvas's pixels for one of the clip.
            No more is worked out than can be seen then.
    """
    box = _rect(np.asarray(face.box_xyxy, dtype=np.float64))
    areas, outlines = _label_maps(face, layers["label_maps"], hurry or 1.0)
    xy = _landmarks(face)
    bounds = _bounds(box, xy, areas)
    return FacePicture(
        track_id=face.track_id,
        name=name,
        bounds=bounds,
        box=box,
        box_colour=_one_colour(face, layers["boxes"].colour_by),
        mark=data_colours.SOURCES.get(int(face.source), data_colours.UNKNOWN),
        score=float(face.score),
        areas=areas,
        outlines=outlines,
        lines=_lines(face, xy, scheme_name, layers["contours"], hurry is not None),
        points=_points(face, xy, layers["points"]),
        numbers=_numbers(xy) if layers["indices"].visible else [],
    )


def inked(picture: FacePicture, ink: Rgb) -> FacePicture:
    """The same picture in one colour, to be told from another one under it."""
    return replace(
        picture,
        box_colour=ink,
        outlines=[replace(line, colour=ink) for line in picture.outlines],
        lines=[replace(line, colour=ink) for line in picture.lines],
        points=[replace(group, colour=ink) for group in picture.points],
    )


def _rect(box_xyxy: NDArray[np.float64]) -> QRectF:
    x0, y0, x1, y1 = (float(v) for v in convert.scene_from_image(box_xyxy))
    return QRectF(x0, y0, x1 - x0, y1 - y0)


def _landmarks(face: Any) -> NDArray[np.float64]:
    """The landmarks in scene coordinates, (M, 2); (0, 2) without any."""
    if face.landmarks is None:
        return np.zeros((0, 2))
    return convert.scene_from_image(np.asarray(face.landmarks, dtype=np.float64))


def _bounds(box: QRectF, xy: NDArray[np.float64], areas: list[Area]) -> QRectF:
    bounds = QRectF(box)
    good = xy[np.isfinite(xy).all(axis=1)]
    if len(good):
        (x0, y0), (x1, y1) = good.min(axis=0), good.max(axis=0)
        bounds = bounds.united(QRectF(x0, y0, x1 - x0, y1 - y0))
    for area in areas:
        bounds = bounds.united(area.target)
    return bounds


def _label_maps(face: Any, state: LayerState, detail: float) -> tuple[list[Area], list[Line]]:
    areas: list[Area] = []
    outlines: list[Line] = []
    if not state.visible:
        return areas, outlines
    for scheme_name, label_map in face.label_maps.items():
        if label_map.labels.size == 0:
            continue
        if state.outline_only:
            outlines.extend(_outlines(label_map, scheme_name))
        else:
            areas.append(_area(label_map, scheme_name, detail))
    return areas, outlines


def _area(label_map: Any, scheme_name: str, detail: float) -> Area:
    """The crop's pixel (0, 0) spans scene x0…x0+1: no half pixel here, pixels are areas."""
    labels = label_map.labels
    height, width = labels.shape
    if detail < 1.0:
        size = max(round(width * detail), 1), max(round(height * detail), 1)
        labels = cv2.resize(labels, size, interpolation=cv2.INTER_NEAREST)
    image = convert.image_from_labels(labels, schemes.label_colours(scheme_name))
    return Area(image, QRectF(label_map.x0, label_map.y0, width, height))


def _outlines(label_map: Any, scheme_name: str) -> list[Line]:
    lines: list[Line] = []
    colours = schemes.label_colours(scheme_name)
    offset = np.array([label_map.x0, label_map.y0], dtype=np.float64)
    for index in np.unique(label_map.labels):
        if index == 0:
            continue
        word = int(colours[index])
        colour = (word >> 16 & 255, word >> 8 & 255, word & 255)
        mask = (label_map.labels == index).astype(np.uint8)
        found, _ = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
        for contour in found:
            xy = convert.scene_from_image(contour[:, 0, :].astype(np.float64) + offset)
            lines.append(Line(_polygon(xy), True, colour))
    return lines


def _lines(
    face: Any,
    xy: NDArray[np.float64],
    scheme_name: str | None,
    state: LayerState,
    is_hurried: bool,
) -> list[Line]:
    scheme = schemes.landmark_scheme(scheme_name) if state.visible else None
    if scheme is None or not scheme.contours or len(xy) != scheme.num_points:
        return []
    steps = _HURRIED_STEPS if is_hurried else _CURVE_STEPS
    lines: list[Line] = []
    for contour, curve in zip(scheme.contours, _curves(scheme, xy, steps), strict=True):
        if np.isfinite(curve).all():
            colour = _contour_colour(face, list(contour.points), state.colour_by)
            lines.append(Line(_polygon(curve), contour.closed, colour))
    return lines


def _curves(scheme: Any, xy: NDArray[np.float64], steps: int) -> list[NDArray[np.float64]]:
    """Samples along every contour of a scheme, all by one product where no point is missing."""
    if not np.isfinite(xy).all():
        return [contour.curve(xy, per_interval=steps) for contour in scheme.contours]
    basis, ends = _basis(scheme, steps)
    return np.split(basis @ xy, ends)


@lru_cache(maxsize=16)
def _basis(scheme: Any, steps: int) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """The contours of a scheme under each other: samples from points, and where each ends."""
    unit = np.eye(scheme.num_points)
    columns = [np.stack([unit[:, i], 0 * unit[:, i]], axis=1) for i in range(scheme.num_points)]
    parts = [
        np.stack([contour.curve(one, per_interval=steps)[:, 0] for one in columns], axis=1)
        for contour in scheme.contours
    ]
    return np.concatenate(parts), np.cumsum([len(part) for part in parts])[:-1]


def _points(face: Any, xy: NDArray[np.float64], state: LayerState) -> list[PointGroup]:
    """Points grouped by looks."""
    if not state.visible or len(xy) == 0:
        return []
    count = len(xy)
    sources = _array(face, "point_sources", count, int(face.source))
    edited = _array(face, "edited", count, False).astype(bool)
    hidden = ~_array(face, "visible", count, True).astype(bool)
    colours = _point_colours(face, count, sources, state.colour_by)
    sources = np.where(edited, 4, sources)
    finite = np.isfinite(xy).all(axis=1)
    # One number for all that tells points apart: unique rows of a matrix take ten times as long.
    red, green, blue = np.asarray(colours, dtype=np.int64).T
    looks = (sources.astype(np.int64) << 25 | hidden.astype(np.int64) << 24) | (
        red << 16 | green << 8 | blue
    )
    shown, looks = xy[finite], looks[finite]
    return [
        PointGroup(
            mark=data_colours.SOURCES.get(look >> 25, data_colours.UNKNOWN),
            colour=(look >> 16 & 255, look >> 8 & 255, look & 255),
            xy=shown[looks == look],
            is_hidden=bool(look >> 24 & 1),
        )
        for look in np.unique(looks).tolist()
    ]


def _array(face: Any, name: str, count: int, default: float) -> NDArray[Any]:
    value = getattr(face, name, None)
    if value is None or len(value) != count:
        return np.full(count, default)
    return np.asarray(value)


def _point_colours(
    face: Any, count: int, sources: NDArray[Any], colour_by: str
) -> NDArray[np.int64]:
    if colour_by == "confidence":
        scores = _array(face, "landmark_scores", count, float(face.score))
        steps = np.round(np.nan_to_num(scores) * _CONFIDENCE_STEPS) / _CONFIDENCE_STEPS
        return data_colours.confidence_colours(steps).astype(np.int64)
    if colour_by == "source":
        table = {s: m.colour for s, m in data_colours.SOURCES.items()}
        return np.array([table.get(int(s), data_colours.UNKNOWN.colour) for s in sources])
    return np.tile(np.array(_own_colour(face)), (count, 1))


def _contour_colour(face: Any, members: list[int], colour_by: str) -> Rgb:
    if colour_by == "confidence" and face.landmark_scores is not None:
        return _rgb_of_score(float(np.nanmean(face.landmark_scores[members])))
    return _one_colour(face, colour_by)


def _one_colour(face: Any, colour_by: str) -> Rgb:
    if colour_by == "confidence":
        return _rgb_of_score(float(face.score))
    if colour_by == "source":
        return data_colours.SOURCES.get(int(face.source), data_colours.UNKNOWN).colour
    return _own_colour(face)


def _own_colour(face: Any) -> Rgb:
    """The person's colour: a run's face has none that a person chose."""
    return data_colours.face_colour(face.track_id, getattr(face, "colour", ""))


def _rgb_of_score(score: float) -> Rgb:
    red, green, blue = (int(c) for c in data_colours.confidence_colours(np.array(score)))
    return red, green, blue


def _numbers(xy: NDArray[np.float64]) -> list[tuple[QPointF, str]]:
    return [(QPointF(x, y), str(i)) for i, (x, y) in enumerate(xy) if np.isfinite(x + y)]


def _polygon(xy: NDArray[np.float64]) -> QPolygonF:
    return QPolygonF([QPointF(x, y) for x, y in xy])

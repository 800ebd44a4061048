"""Rows of project.db ↔ records: one pair of functions a table."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.annotations.records import Floats, LandmarkAnnotation, Source
from core.annotations.segment_columns import CodedMap
from core.masks.label_map import LabelMap

Row = tuple[Any, ...]
Spans = tuple[tuple[int, int, int], ...]
"""(start, stop, track) of a run's track that is shown as another one; disjoint, increasing."""


def landmarks_to_row(value: LandmarkAnnotation) -> Row:
    """The columns points (f32), edited (bits), visible (u8 or NULL), sources (u8 or NULL).

    Raises:
        ValueError: If the arrays do not fit together.
    """
    count = len(value.points)
    lengths = {len(a) for a in (value.edited, value.visible, value.sources) if a is not None}
    if value.points.shape != (count, 2) or lengths != {count}:
        raise ValueError("points, edited, visible and sources of a face differ in length")
    return (
        np.ascontiguousarray(value.points, "<f4").tobytes(),
        np.packbits(value.edited.astype(np.bool_)).tobytes(),
        None if value.visible is None else value.visible.astype(np.uint8).tobytes(),
        None if value.sources is None else value.sources.astype(np.uint8).tobytes(),
    )


def landmarks_from_row(row: Row) -> LandmarkAnnotation:
    """The record of a row of `landmarks`.

    Raises:
        ValueError: If the row is damaged.
    """
    points, edited, visible, sources = row
    xy = np.frombuffer(_bytes(points), "<f4").reshape(-1, 2).copy()
    count = len(xy)
    bits = np.frombuffer(_bytes(edited), np.uint8)
    if len(bits) != -(-count // 8):
        raise ValueError("a row of landmarks has another number of edited bits")
    return LandmarkAnnotation(
        points=xy,
        edited=np.unpackbits(bits, count=count).astype(np.bool_),
        visible=None if visible is None else _items(visible, count) == 1,
        sources=None if sources is None else _items(sources, count),
    )


def mask_to_row(label_map: LabelMap, source: Source) -> Row:
    """The columns x0, y0, width, height, labels, source."""
    coded = CodedMap.of(label_map)
    return coded.x0, coded.y0, coded.width, coded.height, coded.blob, int(source)


def mask_from_row(row: Row) -> tuple[LabelMap, Source]:
    """The label map of a row of `masks`, and where it came from.

    Raises:
        ValueError: If the row is damaged.
    """
    x0, y0, width, height, labels, source = row
    if not all(type(n) is int for n in (x0, y0, width, height)):
        raise ValueError("a row of masks has no box")
    return CodedMap(_bytes(labels), x0, y0, width, height).decode(), Source(source)


def box_to_row(box_xyxy: Floats) -> Row:
    """The column box (4 f32).

    Raises:
        ValueError: If it is no box.
    """
    box = np.ascontiguousarray(box_xyxy, "<f4")
    if box.shape != (4,):
        raise ValueError(f"a box is (4,), not {box.shape}")
    return (box.tobytes(),)


def box_from_row(row: Row) -> Floats:
    """(4,) float32.

    Raises:
        ValueError: If the row is damaged.
    """
    return np.frombuffer(_bytes(row[0]), "<f4").reshape(4).copy()


def spans_to_row(spans: Spans) -> Row:
    """The column spans, as JSON."""
    return (json.dumps([list(span) for span in spans], separators=(",", ":")),)


def spans_from_row(row: Row) -> Spans:
    """The spans of a row of `track_map`.

    Raises:
        ValueError: If the row is damaged.
    """
    try:
        spans = tuple((int(a), int(b), int(t)) for a, b, t in json.loads(row[0]))
    except (TypeError, RecursionError, OverflowError) as error:
        raise ValueError("a row of the track map is damaged") from error
    return spans


def _bytes(value: Any) -> bytes:
    if not isinstance(value, bytes):
        raise ValueError("a row holds no bytes where they are expected")
    return value


def _items(value: Any, count: int) -> NDArray[np.uint8]:
    items = np.frombuffer(_bytes(value), np.uint8)
    if len(items) != count:
        raise ValueError("a row of landmarks has columns of different length")
    return items.copy()

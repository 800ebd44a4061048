"""The part of a label map that a stroke changed: before and after, run-length coded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from core.annotations.records import Source
from core.annotations.rows import Row, mask_from_row, mask_to_row
from core.annotations.segment_columns import CodedMap
from core.masks.label_map import LabelMap, Labels

Box = tuple[int, int, int, int]
"""x0, y0, width, height."""


@dataclass(frozen=True)
class MaskPatch:
    """Turns a row of `masks` into another one and back.

    Outside a map's crop every pixel is background, so the changed box and the crops on both sides
    are enough.
    """

    before_box: Box
    after_box: Box
    before_source: int
    after_source: int
    before: CodedMap
    """The changed box, before."""
    after: CodedMap
    """The same box, after."""

    @classmethod
    def between(cls, before: Row, after: Row) -> MaskPatch:
        """The patch from one row of `masks` to another."""
        old, _ = mask_from_row(before)
        new, _ = mask_from_row(after)
        whole = _union(_box(old), _box(new))
        a, b = _on(old, whole), _on(new, whole)
        rows = np.flatnonzero((a != b).any(axis=1))
        columns = np.flatnonzero((a != b).any(axis=0))
        top, bottom = (int(rows[0]), int(rows[-1]) + 1) if len(rows) else (0, 0)
        left, right = (int(columns[0]), int(columns[-1]) + 1) if len(columns) else (0, 0)
        x0, y0 = whole[0] + left, whole[1] + top
        return cls(
            before_box=_box(old),
            after_box=_box(new),
            before_source=int(before[-1]),
            after_source=int(after[-1]),
            before=CodedMap.of(LabelMap(a[top:bottom, left:right], x0, y0)),
            after=CodedMap.of(LabelMap(b[top:bottom, left:right], x0, y0)),
        )

    def apply(self, current: Row, forwards: bool) -> Row:
        """The row on the other side.

        Raises:
            ValueError: If the row is not the one this patch starts from.
        """
        here, there = (self.before, self.after) if forwards else (self.after, self.before)
        boxes = (self.before_box, self.after_box)
        from_box, to_box = boxes if forwards else boxes[::-1]
        source = self.after_source if forwards else self.before_source
        label_map, _ = mask_from_row(current)
        if _box(label_map) != from_box:
            raise ValueError("a mask is not as the history left it")
        whole = _union(from_box, to_box)
        canvas = _on(label_map, whole).copy()
        patch, expected = there.decode(), here.decode()
        x, y = patch.x0 - whole[0], patch.y0 - whole[1]
        part = canvas[y : y + here.height, x : x + here.width]
        if not np.array_equal(part, expected.labels):
            raise ValueError("a mask is not as the history left it")
        part[:] = patch.labels
        made = LabelMap(_on(LabelMap(canvas, whole[0], whole[1]), to_box), to_box[0], to_box[1])
        return mask_to_row(made, Source(source))

    def to_stored(self) -> Row:
        """As plain values."""
        return (
            self.before_box,
            self.after_box,
            self.before_source,
            self.after_source,
            (self.before.x0, self.before.y0, self.before.width, self.before.height),
            self.before.blob,
            self.after.blob,
        )

    @classmethod
    def from_stored(cls, stored: Any) -> MaskPatch:
        """From `to_stored`.

        Raises:
            ValueError: If it is damaged.
        """
        try:
            before_box, after_box, before_source, after_source, (x, y, w, h), old, new = stored
            before, after = CodedMap(old, x, y, w, h), CodedMap(new, x, y, w, h)
        except TypeError as error:
            raise ValueError("a patch of the history is damaged") from error
        return cls(before_box, after_box, before_source, after_source, before, after)


def _box(label_map: LabelMap) -> Box:
    height, width = label_map.labels.shape
    return label_map.x0, label_map.y0, width, height


def _union(a: Box, b: Box) -> Box:
    x0, y0 = min(a[0], b[0]), min(a[1], b[1])
    x1, y1 = max(a[0] + a[2], b[0] + b[2]), max(a[1] + a[3], b[1] + b[3])
    return x0, y0, x1 - x0, y1 - y0


def _on(label_map: LabelMap, box: Box) -> Labels:
    """The labels on another crop; background where the map has none."""
    moved = LabelMap(label_map.labels, label_map.x0 - box[0], label_map.y0 - box[1])
    return moved.paste((box[3], box[2]))

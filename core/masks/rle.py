"""COCO run-lengths of one class: column-major over the whole frame, zeros first.

Coding works on the crop's own runs and never makes a frame-sized mask. Decoding other people's
files is done here and not by pycocotools, whose C code trusts the sizes it is told.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.masks.label_map import LabelMap

Counts = NDArray[np.int64]

_CONTINUES, _SIGN, _FIRST = 0x20, 0x10, 48
_MOST_PIECES = 7
"""5-bit pieces a number may have: 35 bits, more than any frame has pixels."""


def class_counts(label_map: LabelMap, value: int, frame_hw: tuple[int, int]) -> Counts:
    """Run-lengths of a class over the frame.

    Args:
        label_map: Crop; what lies outside the frame is left out.
        value: Class.
        frame_hw: Height and width of the frame.

    Returns:
        Lengths of alternating runs, background first (may be 0), summing to H·W.
    """
    height, width = frame_hw
    inside, in_crop = label_map.overlap(frame_hw)
    rows, columns = inside
    mask = label_map.labels[in_crop].T == value  # a row a column of the frame
    edges = np.diff(np.pad(mask, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    starts, stops = (
        (columns.start + x) * height + rows.start + y
        for x, y in (np.nonzero(edges == 1), np.nonzero(edges == -1))
    )
    # A run that ends with its column and one that starts with the next are one run.
    apart = starts[1:] != stops[:-1]
    starts = starts[np.concatenate([[True], apart])] if len(starts) else starts
    stops = stops[np.concatenate([apart, [True]])] if len(stops) else stops
    bounds = np.stack([starts, stops], axis=1).reshape(-1)
    counts = np.diff(bounds, prepend=0, append=height * width)
    return counts[:-1] if len(counts) > 1 and counts[-1] == 0 else counts


def compress(counts: Counts, frame_hw: tuple[int, int]) -> dict[str, Any]:
    """The compressed COCO record of run-lengths, `{"size": [H, W], "counts": text}`."""
    from pycocotools import mask as coco

    height, width = frame_hw
    record = {"size": [height, width], "counts": [int(count) for count in counts]}
    packed = coco.frPyObjects(record, height, width)
    return {"size": [height, width], "counts": packed["counts"].decode("ascii")}


def read_counts(record: Any) -> tuple[Counts, tuple[int, int]]:
    """The run-lengths of a COCO record, compressed or not.

    Returns:
        Counts as from `class_counts`, and (H, W).

    Raises:
        ValueError: If it is no such record or its runs do not fill its size.
    """
    if not isinstance(record, dict):
        raise ValueError("a run-length record is an object")
    size, counts = record.get("size"), record.get("counts")
    if not (isinstance(size, list) and len(size) == 2 and all(_is_size(n) for n in size)):
        raise ValueError("a run-length record needs a size [height, width]")
    if isinstance(counts, str):
        found = _expand(counts)
    elif isinstance(counts, list) and all(_is_size(n) for n in counts):
        found = np.array(counts, dtype=np.int64)
    else:
        raise ValueError("a run-length record needs counts: a text or a list of whole numbers")
    if (len(found) and int(found.min()) < 0) or int(found.sum()) != size[0] * size[1]:
        raise ValueError("the runs do not fill the size")
    return found, (size[0], size[1])


def paint_counts(
    counts: Counts, frame_hw: tuple[int, int], label_map: LabelMap, value: int
) -> None:
    """Paint a class given by its run-lengths into a crop, in place; the rest is left out.

    Args:
        counts: As from `class_counts`.
        frame_hw: Height and width they are about.
        label_map: Painted into, where it overlaps the frame.
        value: Class painted.
    """
    (rows, columns), in_crop = label_map.overlap(frame_hw)
    height = frame_hw[0]
    first, last = columns.start * height, columns.stop * height
    bounds = np.clip(np.cumsum(counts), first, last) - first
    part = np.zeros(last - first + 1, dtype=np.int8)
    # The class starts and stops at the bounds in turn; clipped to the same place they cancel out.
    np.bitwise_xor.at(part, bounds, 1)
    mask = np.bitwise_xor.accumulate(part[:-1]).reshape(-1, height).T[rows]
    label_map.labels[in_crop][mask != 0] = value


def box_of_counts(counts: Counts, frame_hw: tuple[int, int]) -> tuple[int, int, int, int]:
    """The tight box x0, y0, x1, y1 of the class, half-open; zeros when it is empty."""
    bounds = np.cumsum(counts)
    starts, stops = bounds[0:-1:2], bounds[1::2]
    keep = stops > starts[: len(stops)]
    starts, last = starts[: len(stops)][keep], stops[keep] - 1
    if len(starts) == 0:
        return 0, 0, 0, 0
    height = frame_hw[0]
    crosses = starts // height != last // height  # such a run touches both ends of a column
    top = 0 if crosses.any() else int((starts % height).min())
    bottom = height if crosses.any() else int((last % height).max()) + 1
    return int(starts[0] // height), top, int(last[-1] // height) + 1, bottom


def _is_size(number: Any) -> bool:
    return isinstance(number, int) and not isinstance(number, bool) and 0 <= number < 1 << 32


def _expand(text: str) -> Counts:
    """COCO's text: numbers in 5-bit pieces, from the fourth on as difference to two before."""
    counts: list[int] = []
    value, shift = 0, 0
    for letter in text:
        piece = ord(letter) - _FIRST
        if not 0 <= piece < 64 or shift >= 5 * _MOST_PIECES:
            raise ValueError("the compressed run-lengths are damaged")
        value |= (piece & 0x1F) << shift
        shift += 5
        if piece & _CONTINUES:
            continue
        if piece & _SIGN:
            value -= 1 << shift
        counts.append(value + (counts[-2] if len(counts) > 2 else 0))
        value, shift = 0, 0
    if shift:
        raise ValueError("the compressed run-lengths are cut short")
    if any(not 0 <= count < 1 << 32 for count in counts):
        raise ValueError("the compressed run-lengths are damaged")
    return np.array(counts, dtype=np.int64)

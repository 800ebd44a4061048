"""A label map: class indices of one face in one frame, cropped to where the face is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.uint8]
"""Class indices, (h, w) uint8; 0 is the background of every mask scheme."""


@dataclass(frozen=True, eq=False)
class LabelMap:
    """Class indices of a crop, and where the crop lies in the frame.

    Everything outside the crop is background (class 0). The crop may reach beyond the frame.
    """

    labels: Labels
    """Class indices, (h, w) uint8."""
    x0: int
    """Frame column of the crop's first column; may be negative."""
    y0: int
    """Frame row of the crop's first row; may be negative."""

    @property
    def box_xyxy(self) -> tuple[int, int, int, int]:
        """The crop in frame pixels, half-open: columns x0 … x1 − 1, rows y0 … y1 − 1."""
        height, width = self.labels.shape
        return self.x0, self.y0, self.x0 + width, self.y0 + height

    def paste(self, frame_hw: tuple[int, int]) -> Labels:
        """The map on a whole frame.

        Args:
            frame_hw: Height and width of the frame.

        Returns:
            (H, W) uint8, background outside the crop; what lies outside the frame is cut off.
        """
        frame = np.zeros(frame_hw, dtype=np.uint8)
        inside, in_crop = self.overlap(frame_hw)
        frame[inside] = self.labels[in_crop]
        return frame

    def paste_over(self, frame: Labels) -> None:
        """Lay the map's foreground over a frame-sized map (H, W) in place.

        Background never covers what is there, so that several faces share one map.
        """
        inside, in_crop = self.overlap((frame.shape[0], frame.shape[1]))
        part, labels = frame[inside], self.labels[in_crop]
        np.copyto(part, labels, where=labels != 0)

    def trimmed(self) -> LabelMap:
        """The same map on the tight box of its foreground; 0 × 0 at (x0, y0) if there is none."""
        rows = np.flatnonzero(self.labels.any(axis=1))
        columns = np.flatnonzero(self.labels.any(axis=0))
        if len(rows) == 0:
            return LabelMap(np.zeros((0, 0), dtype=np.uint8), self.x0, self.y0)
        top, left = int(rows[0]), int(columns[0])
        labels = self.labels[top : int(rows[-1]) + 1, left : int(columns[-1]) + 1]
        return LabelMap(labels.copy(), self.x0 + left, self.y0 + top)

    def __eq__(self, other: object) -> bool:
        """Equal crops with equal labels; an array has no single truth value of its own."""
        if not isinstance(other, LabelMap):
            return NotImplemented
        return (self.x0, self.y0) == (other.x0, other.y0) and np.array_equal(
            self.labels, other.labels
        )

    __hash__ = None  # type: ignore[assignment]  # the labels can change, so equal maps cannot hash

    def overlap(self, frame_hw: tuple[int, int]) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
        """The part inside the frame, as slices of the frame and of the crop."""
        x0, y0, x1, y1 = self.box_xyxy
        left, right = min(max(x0, 0), frame_hw[1]), max(min(x1, frame_hw[1]), 0)
        top, bottom = min(max(y0, 0), frame_hw[0]), max(min(y1, frame_hw[0]), 0)
        right, bottom = max(left, right), max(top, bottom)
        if right == left or bottom == top:
            return (slice(0, 0), slice(0, 0)), (slice(0, 0), slice(0, 0))
        return (
            (slice(top, bottom), slice(left, right)),
            (slice(top - y0, bottom - y0), slice(left - x0, right - x0)),
        )

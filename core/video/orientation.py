"""From a decoded frame to the RGB array that is shown: PyAV's conversion, then the display matrix.

The display matrix is nine int32 (a b u c d v x y w); it takes a stored pixel (p, q) to
(a p + c q, b p + d q), y down (FFmpeg `libavutil/display.h`). Only turns by 90° and mirrors are
applied, as players do; any other matrix is left alone.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from av.error import FFmpegError
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from core.errors import InputError

_ONE = 1 << 16  # 16.16 fixed point
_UNSPECIFIED_MATRIX, _UNSPECIFIED_RANGE = 2, 0  # AVCOL_SPC_UNSPECIFIED, AVCOL_RANGE_UNSPECIFIED


@dataclass(frozen=True)
class Orientation:
    """How the stored picture is laid out to be shown: transpose first, then mirror."""

    transpose: bool = False
    flip_x: bool = False
    flip_y: bool = False

    @property
    def mirrored(self) -> bool:
        """Whether left and right change places, beyond what turning can do."""
        return self.transpose ^ self.flip_x ^ self.flip_y

    @property
    def degrees(self) -> int:
        """The turn, clockwise; of a mirrored picture, the turn before mirroring left to right."""
        flip_x = self.flip_x ^ self.mirrored
        if self.transpose:
            return 90 if flip_x else 270
        return 180 if flip_x else 0

    def apply(self, stored: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The shown picture of a stored one, (H, W, 3) uint8, contiguous."""
        if self == UPRIGHT:
            return stored
        shown = stored.transpose(1, 0, 2) if self.transpose else stored
        shown = shown[:: -1 if self.flip_y else 1, :: -1 if self.flip_x else 1]
        return np.ascontiguousarray(shown)

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Width and height as shown."""
        return (height, width) if self.transpose else (width, height)


UPRIGHT = Orientation()


def orientation_of(frame: VideoFrame) -> Orientation:
    """The orientation a frame's display matrix asks for."""
    matrix: Any = frame.side_data.get("DISPLAYMATRIX")
    if matrix is None:
        return UPRIGHT
    a, b, _, c, d, _, *_ = np.frombuffer(bytes(matrix), dtype=np.int32) / _ONE
    if _is_turn(b, c) and abs(a) + abs(d) < 0.01:
        return Orientation(transpose=True, flip_x=bool(c < 0), flip_y=bool(b < 0))
    if _is_turn(a, d) and abs(b) + abs(c) < 0.01:
        return Orientation(flip_x=bool(a < 0), flip_y=bool(d < 0))
    return UPRIGHT


def _is_turn(p: float, q: float) -> bool:
    return abs(abs(p) - 1.0) < 0.01 and abs(abs(q) - 1.0) < 0.01


def rgb_of(frame: VideoFrame, size: tuple[int, int]) -> NDArray[np.uint8]:
    """A frame's stored picture by PyAV's default conversion.

    One thread gives the same bytes as PyAV's default of one a core, at less cost for one frame.

    Args:
        frame: As decoded.
        size: Width and height of the clip's first frame. A frame of another size (a recording
            whose format changed on the way) is scaled to it, as FFmpeg itself does.

    Returns:
        (H, W, 3) uint8, contiguous.

    Raises:
        InputError: If FFmpeg cannot convert the picture.
    """
    how: dict[str, Any] = {"format": "rgb24", "width": size[0], "height": size[1], "threads": 1}
    try:
        return _own(frame, frame.to_ndarray(**how))
    except FFmpegError:
        # Colour tags nobody knows (reserved, or damaged): convert as if there were none.
        frame.colorspace, frame.color_range = _UNSPECIFIED_MATRIX, _UNSPECIFIED_RANGE
    try:
        return _own(frame, frame.to_ndarray(**how))
    except FFmpegError as error:
        raise InputError(
            f"A frame in the pixel format {frame.format.name} cannot be shown ({error.strerror}); "
            "convert the clip to H.264 first."
        ) from error


def _own(frame: VideoFrame, rgb: NDArray[Any]) -> NDArray[np.uint8]:
    """The array, contiguous and not the frame's own memory (as it is when nothing is converted)."""
    return rgb.copy() if frame.format.name == "rgb24" else np.ascontiguousarray(rgb)


def checksum(stored: NDArray[np.uint8]) -> int:
    """CRC-32 of an RGB picture's bytes."""
    return zlib.crc32(stored.data)

"""Label maps as bytes: run-length coded, then zlib.

Layout before zlib, little endian, runs in row-major order over the whole map:
`u32 n`, `n` class indices (u8), the low bytes of `n` run lengths, their high bytes. A run is 1 to
65,535 pixels; a longer one is cut. Equal bytes lie together, which zlib packs better than pairs.
zlib's Adler-32 finds damage that leaves the layout intact.
"""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray

from core.masks.label_map import Labels

MAX_PIXELS = 1 << 28
"""Maps above 16,384² are refused: a damaged size must not become an allocation."""

_LONGEST = 0xFFFF
_HEADER = 4
_LEVEL = 6


def runs_of(labels: Labels) -> tuple[Labels, NDArray[np.int64]]:
    """Runs of equal class in row-major order.

    Args:
        labels: (h, w) uint8.

    Returns:
        Class of each run (n,) uint8 and its length in pixels (n,) int64, ≥ 1.
    """
    flat = np.ascontiguousarray(labels).reshape(-1)
    if flat.size == 0:
        return np.zeros(0, np.uint8), np.zeros(0, np.int64)
    starts = np.concatenate([[0], np.flatnonzero(flat[1:] != flat[:-1]) + 1])
    return flat[starts], np.diff(starts, append=flat.size)


def encode_labels(labels: Labels) -> bytes:
    """Code a label map.

    Args:
        labels: (h, w) uint8.

    Returns:
        Bytes that `decode_labels` turns back, given the same (h, w).

    Raises:
        ValueError: If the map is not two-dimensional uint8 or is larger than `MAX_PIXELS`.
    """
    if labels.ndim != 2 or labels.dtype != np.uint8:
        raise ValueError(f"a label map is (h, w) uint8, not {labels.shape} {labels.dtype}")
    if labels.size > MAX_PIXELS:
        raise ValueError(f"a label map of {labels.size} pixels is larger than {MAX_PIXELS}")
    values, lengths = _cut_long_runs(*runs_of(labels))
    low, high = (lengths & 0xFF).astype(np.uint8), (lengths >> 8).astype(np.uint8)
    header = len(values).to_bytes(_HEADER, "little")
    return zlib.compress(header + values.tobytes() + low.tobytes() + high.tobytes(), _LEVEL)


def decode_labels(blob: bytes, hw: tuple[int, int]) -> Labels:
    """Turn the bytes of `encode_labels` back into a label map.

    Memory stays within a few times the map's own size whatever the bytes say.

    Args:
        blob: What `encode_labels` returned.
        hw: Height and width of the map, which are not in the bytes.

    Returns:
        (h, w) uint8, writable.

    Raises:
        ValueError: If the bytes are damaged, cut short, or belong to a map of another size.
    """
    height, width = hw
    if height < 0 or width < 0 or height * width > MAX_PIXELS:
        raise ValueError(f"a label map cannot be {height} × {width} pixels")
    values, lengths = _unpack(blob, height * width)
    if int(lengths.sum(dtype=np.int64)) != height * width or not lengths.all():
        raise ValueError(f"the label map's runs do not fill {height} × {width} pixels")
    return np.repeat(values, lengths).reshape(height, width)


def _unpack(blob: bytes, pixels: int) -> tuple[Labels, NDArray[np.uint16]]:
    """Inflate and split into classes and lengths; a run covers a pixel, so sizes are bounded."""
    limit = _HEADER + 3 * pixels
    inflater = zlib.decompressobj()
    try:
        payload = inflater.decompress(blob, limit + 1)
    except zlib.error as error:
        raise ValueError(f"the label map's bytes are damaged ({error})") from error
    if not inflater.eof or inflater.unused_data or not _HEADER <= len(payload) <= limit:
        raise ValueError("the label map's bytes are cut short or too many")
    count = int.from_bytes(payload[:_HEADER], "little")
    if len(payload) != _HEADER + 3 * count:
        raise ValueError(f"the label map announces {count} runs and holds another number")
    planes = np.frombuffer(payload, np.uint8, offset=_HEADER).reshape(3, count)
    return planes[0], planes[1] | planes[2].astype(np.uint16) << np.uint16(8)


def _cut_long_runs(values: Labels, lengths: NDArray[np.int64]) -> tuple[Labels, NDArray[np.int64]]:
    """Cut runs above `_LONGEST` into full ones and a rest."""
    if len(lengths) == 0 or int(lengths.max()) <= _LONGEST:
        return values, lengths
    pieces = -(-lengths // _LONGEST)
    cut = np.full(int(pieces.sum()), _LONGEST, dtype=np.int64)
    cut[np.cumsum(pieces) - 1] = lengths - (pieces - 1) * _LONGEST
    return np.repeat(values, pieces), cut

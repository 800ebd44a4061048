"""Named arrays as one checked block of bytes.

Layout: magic `LNAR`, CRC-32 of the rest (u32), directory length (u32), directory (JSON: name,
dtype, shape, offset), arrays at offsets that are multiples of 8. SQLite has no checksums: a flipped
bit in a blob would otherwise be read as a coordinate.
"""

from __future__ import annotations

import json
import math
import struct
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

_MAGIC = b"LNAR"
_HEAD = struct.Struct("<4sII")
_DTYPES = frozenset({"|u1", "<i4", "<i8", "<f4", "<f8", "|b1"})


def pack_arrays(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """One block of bytes with every array in it.

    Raises:
        ValueError: If an array has another dtype than u1, i4, i8, f4, f8, b1.
    """
    directory, chunks, offset = [], [], 0
    for name, array in arrays.items():
        data = np.ascontiguousarray(array).reshape(array.shape)
        if data.dtype.str not in _DTYPES:
            raise ValueError(f"array {name} has dtype {data.dtype.str}, which is not stored")
        directory.append([name, data.dtype.str, list(data.shape), offset])
        chunk = data.tobytes()
        chunk += bytes(-len(chunk) % 8)
        chunks.append(chunk)
        offset += len(chunk)
    text = json.dumps(directory, separators=(",", ":")).encode()
    text += b" " * (-(len(text) + _HEAD.size) % 8)
    body = text + b"".join(chunks)
    return _HEAD.pack(_MAGIC, zlib.crc32(body), len(text)) + body


def unpack_arrays(blob: bytes) -> dict[str, NDArray[Any]]:
    """The arrays of `pack_arrays`, as read-only views of `blob`.

    Raises:
        ValueError: If the bytes are damaged or cut short.
    """
    try:
        magic, crc, text_length = _HEAD.unpack_from(blob)
        body = memoryview(blob)[_HEAD.size :]
        if magic != _MAGIC or text_length > len(body) or zlib.crc32(body) != crc:
            raise ValueError("the checksum does not fit")
        directory = json.loads(bytes(body[:text_length]))
        data = body[text_length:]
        return {
            str(name): _view(data, dtype, tuple(shape), offset)
            for name, dtype, shape, offset in directory
        }
    except (struct.error, TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"a block of arrays is damaged ({error})") from error


def _view(data: memoryview, dtype: str, shape: tuple[int, ...], offset: int) -> NDArray[Any]:
    if dtype not in _DTYPES or any(type(n) is not int or n < 0 for n in (*shape, offset)):
        raise ValueError("the directory names an impossible array")
    count = math.prod(shape)
    if offset + count * np.dtype(dtype).itemsize > len(data):
        raise ValueError("an array reaches beyond the end")
    return np.frombuffer(data, dtype=dtype, count=count, offset=offset).reshape(shape)

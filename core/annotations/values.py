"""Rows as JSON text and one heap of bytes, and back: how changes are kept.

JSON has no bytes; they become `{"$": [offset, length]}`, which points into the heap. Sequences come
back as tuples.
"""

from __future__ import annotations

import json
from typing import Any

_MAX_DEPTH = 8


def to_stored(value: Any) -> tuple[str, bytes]:
    """A value of None, numbers, text, bytes and sequences of them as JSON text and a heap."""
    heap = bytearray()
    text = json.dumps(_down(value, heap), separators=(",", ":"))
    return text, bytes(heap)


def from_stored(text: str, heap: bytes) -> Any:
    """The value of `to_stored`.

    Raises:
        ValueError: If text or heap is damaged.
    """
    try:
        return _up(json.loads(text), heap, 0)
    except (LookupError, TypeError, RecursionError) as error:
        raise ValueError(f"a stored record is damaged ({error})") from error


def _down(value: Any, heap: bytearray) -> Any:
    if isinstance(value, bytes):
        heap.extend(value)
        return {"$": [len(heap) - len(value), len(value)]}
    if isinstance(value, list | tuple):
        return [_down(item, heap) for item in value]
    return value


def _up(value: Any, heap: bytes, depth: int) -> Any:
    if depth > _MAX_DEPTH:
        raise ValueError("a stored record is nested too deeply")
    if isinstance(value, list):
        return tuple(_up(item, heap, depth + 1) for item in value)
    if not isinstance(value, dict):
        return value
    offset, length = value["$"]
    if offset < 0 or length < 0 or offset + length > len(heap):
        raise ValueError("a stored record points outside its heap")
    return heap[offset : offset + length]

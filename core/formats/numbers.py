"""Numbers as text that gives the same float32 back, as short as can be."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def exact(values: NDArray[np.floating]) -> list[Any]:
    """Nested lists of Python floats whose shortest text is the float32's own; NaN becomes None.

    Args:
        values: Any shape; taken as float32.
    """
    wide = np.asarray(values, dtype=np.float32)
    flat: list[Any] = [float(text) for text in wide.reshape(-1).astype("U32")]
    flat = [None if math.isnan(number) else number for number in flat]
    return _nested(flat, wide.shape)


def exact_one(value: float) -> float | None:
    """One float; NaN and infinities become None."""
    return float(value) if math.isfinite(value) else None


def floats(values: Any, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Back to float32; None becomes NaN.

    Args:
        values: Nested lists of numbers and None.
        shape: What they must have; −1 for any length of the first axis.

    Raises:
        ValueError: If they are something else.
    """
    flat: list[float] = []
    _collect(values, flat)
    array = np.array(flat, dtype=np.float64)
    found = array.reshape(shape)
    if _depths(values) != found.shape:
        raise ValueError(f"numbers of shape {_depths(values)}, not {found.shape}")
    with np.errstate(over="ignore"):
        return found.astype(np.float32)


def _nested(flat: list[Any], shape: tuple[int, ...]) -> list[Any]:
    if len(shape) <= 1:
        return flat
    step = len(flat) // shape[0] if shape[0] else 0
    return [_nested(flat[i * step : (i + 1) * step], shape[1:]) for i in range(shape[0])]


def _collect(values: Any, flat: list[float]) -> None:
    if isinstance(values, Sequence) and not isinstance(values, str):
        for value in values:
            _collect(value, flat)
    elif values is None:
        flat.append(math.nan)
    elif isinstance(values, int | float) and not isinstance(values, bool):
        flat.append(_as_float(values))
    else:
        raise ValueError(f"{values!r} is no number")


def _as_float(value: float) -> float:
    try:
        return float(value)
    except OverflowError as error:
        raise ValueError(f"{value} is too large a number") from error


def _depths(values: Any) -> tuple[int, ...]:
    shape = []
    while isinstance(values, Sequence):
        shape.append(len(values))
        if not values:
            break
        values = values[0]
    return tuple(shape)

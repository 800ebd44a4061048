"""The curves of a training, from the events it writes; read piece by piece, drawn decimated."""

from __future__ import annotations

import json
import time
from array import array
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

WEAK_STAGES = ("Sparse points", "Other points", "All together")
STAGES = ("Data", "Training", "Model")
_PLAIN_TRAINING = 1
_PIECE_BYTES = 1 << 20
_SAMPLED_BYTES = 64 << 20
"""A past longer than this is read in part: every validation, of the steps an even share."""
_BREATH_LINES, _BREATH_S = 100, 0.0003
"""After so many lines the reading thread lets the others have the interpreter for a moment."""
_POINTS = 800
"""So many points of a curve are drawn at most."""
_SHOWN = (0.005, 0.995)
"""Shares of the points between which the axis spans; what is outside is an outlier."""
_SCORES = (("val_nme", False), ("val_f1_mean", True), ("val_nme_sparse", False))
"""Validations by which the best is told, the first that is there, and whether more is better."""


@dataclass(frozen=True, eq=False)
class Line:
    """A curve as it is drawn."""

    x: Floats
    y: Floats


@dataclass(frozen=True, eq=False)
class Picture:
    """What is known of a training at one moment."""

    lines: Mapping[str, Line]
    """By name: "loss", "lr", and validations as "val_…"."""
    starts: tuple[float, ...]
    """Where the stages begin on the axis; empty where it has but one."""
    stages: tuple[str, ...]
    stage: int
    """Which of them it is in or was last; −1 before the first."""
    score: str
    """Name of the validation that tells the best; empty without one."""
    best: tuple[float, float] | None
    """Its x and value."""
    figures: Mapping[str, float]
    """The newest numbers: epoch, lr, samples_per_s, eta_s, gpu_mib, loss, val_…"""
    axis: str
    """"step" or "epoch"."""
    events: int


class Curve:
    """A growing curve; what is said of an x again replaces what was said from there on."""

    def __init__(self) -> None:
        self.x, self.y = array("d"), array("d")

    def add(self, x: float, y: float) -> None:
        """Add a point at the end; a resumed training says its last steps once more."""
        if self.x and x <= self.x[-1]:
            start = bisect_left(self.x, x)
            del self.x[start:], self.y[start:]
        self.x.append(x)
        self.y.append(y)

    def line(self, most: int = _POINTS) -> Line:
        """It, by at most so many points: the medians of even pieces."""
        x, y = np.array(self.x), np.array(self.y)
        size = -(-len(x) // most)
        if size <= 1:
            return Line(x, y)
        whole = len(x) // size * size
        middles = np.median(y[:whole].reshape(-1, size), axis=1)
        places = x[:whole].reshape(-1, size).mean(axis=1)
        if whole < len(x):
            middles = np.append(middles, np.median(y[whole:]))
            places = np.append(places, x[whole:].mean())
        return Line(places, middles)


def shown_range(values: Floats) -> tuple[float, float] | None:
    """What a logarithmic axis spans: all but the outliers; None where nothing is above zero."""
    known = values[np.isfinite(values) & (values > 0)]
    if not len(known):
        return None
    low, high = np.quantile(np.log10(known), _SHOWN)
    spare = max(0.05 * (high - low), 0.02)
    return float(low - spare), float(high + spare)


@dataclass
class Curves:
    """All curves of one training.

    Attributes:
        weak_epochs: Epochs of the stages of a weak training, from its recipe; empty for others.
    """

    weak_epochs: tuple[int, ...] = ()
    curves: dict[str, Curve] = field(default_factory=dict)
    figures: dict[str, float] = field(default_factory=dict)
    stage: int = -1
    events: int = 0

    def take(self, record: Mapping[str, Any]) -> None:
        """Take one event; fields of the wrong kind are passed over."""
        self.events += 1
        kind, done = record.get("stage"), _number(record.get("done"))
        if kind not in ("train", "validate") or done is None:
            self.stage = max(self.stage, 0) if not self.weak_epochs else self.stage
            return
        weak = _number(record.get("weak_stage"))
        self.stage = _PLAIN_TRAINING if weak is None else int(weak) - 1
        x = self._place(record, kind == "train", done)
        for name, value in record.items():
            number = _number(value)
            if number is None:
                continue
            self.figures[name] = number
            if name in ("loss", "lr") or name.startswith("val_"):
                self.curves.setdefault(name, Curve()).add(x, number)

    def picture(self) -> Picture:
        """What is to be drawn."""
        lines = {name: curve.line() for name, curve in list(self.curves.items())}
        score, best = self._best()
        weak = bool(self.weak_epochs)
        starts = np.cumsum((0, *self.weak_epochs[:-1])) if weak else ()
        return Picture(
            lines, tuple(float(s) for s in starts), WEAK_STAGES if weak else STAGES, self.stage,
            score, best, dict(self.figures), "epoch" if weak else "step", self.events,
        )  # fmt: skip

    def _place(self, record: Mapping[str, Any], is_step: bool, done: float) -> float:
        """Where on the axis: the step, or epochs over all stages of a weak training."""
        if not self.weak_epochs or not is_step:
            return done
        total, epochs = _number(record.get("total")), _number(record.get("epochs"))
        own = done / total * epochs if total and epochs else 0.0
        return sum(self.weak_epochs[: max(self.stage, 0)]) + own

    def _best(self) -> tuple[str, tuple[float, float] | None]:
        for name, is_more_better in _SCORES:
            curve = self.curves.get(name)
            if curve is not None and len(curve.y):
                values = np.array(curve.y)
                at = int(values.argmax() if is_more_better else values.argmin())
                return name, (curve.x[at], curve.y[at])
        return "", None


class EventTail:
    """Reads what is new in an events file, in pieces.

    Args:
        path: The file; it may not be there yet.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self._rest = b""
        self._past = 0
        """Bytes there were at the first look, where they are too many to read all."""
        self._line = 0

    def read(self, curves: Curves) -> bool:
        """Read one piece; returns whether more may be there at once."""
        try:
            with self._path.open("rb") as file:
                size = file.seek(0, 2)
                if self._offset == 0 and size > _SAMPLED_BYTES:
                    self._past = size
                if size < self._offset:  # written anew
                    self._offset, self._rest = 0, b""
                file.seek(self._offset)
                piece = file.read(_PIECE_BYTES)
        except OSError:
            return False
        share = -(-self._past // _SAMPLED_BYTES) if self._offset < self._past else 1
        self._offset += len(piece)
        whole, _, self._rest = (self._rest + piece).rpartition(b"\n")
        for line in whole.splitlines():
            self._line += 1
            if self._line % _BREATH_LINES == 0:
                time.sleep(_BREATH_S)
            if self._line % share == 0 or b'"validate"' in line:
                _take_line(line, curves)
        return len(piece) == _PIECE_BYTES


def _take_line(line: bytes, curves: Curves) -> None:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return
    if isinstance(record, dict):
        curves.take(record)


def _number(value: Any) -> float | None:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if is_number and abs(value) < 1e15 else None

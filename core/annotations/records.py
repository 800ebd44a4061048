"""What the store holds, as plain records: faces, runs, clips, annotations.

A **run** is what one model, propagation or import said; an **annotation** is what a person decided.
`ShownFace` is both, merged point by point. Missing point = NaN, hidden point = `visible` False.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.masks.label_map import LabelMap

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]
Bytes = NDArray[np.uint8]

NO_SOURCE = 255
"""Stands in source columns where a track has no face."""


class Source(IntEnum):
    """Where an item came from."""

    HEAVY = 0
    FLOW = 1
    INTERPOLATED = 2
    DERIVED = 3
    PERSON = 4
    IMPORTED = 5

    @property
    def title(self) -> str:
        """The words the window and the exports use."""
        return _SOURCE_TITLES[self]


_SOURCE_TITLES = {
    Source.HEAVY: "heavy net",
    Source.FLOW: "propagated by flow",
    Source.INTERPOLATED: "interpolated",
    Source.DERIVED: "derived",
    Source.PERSON: "person",
    Source.IMPORTED: "imported",
}


class ReviewState(IntEnum):
    """How far a person has looked at one face in one frame."""

    UNSEEN = 0
    PREDICTED = 1
    EDITED = 2
    APPROVED = 3


def same(a: Any, b: Any) -> bool:
    """Whether two field values are equal, arrays bit by bit in value, NaN equal to NaN."""
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        inexact = a.dtype.kind == "f" and b.dtype.kind == "f"
        return a.dtype == b.dtype and np.array_equal(a, b, equal_nan=inexact)
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    return bool(type(a) is type(b) and a == b)


@dataclass(eq=False)
class FaceRecord:
    """One face in one frame, in frame coordinates."""

    track_id: int
    """Which person through time; ≥ 0."""
    box_xyxy: Floats
    """(4,) float32."""
    score: float
    """Confidence of the face or of its landmarks, 0 … 1."""
    landmarks: Floats | None = None
    """(M, 2) float32, NaN where a point is missing."""
    landmark_scores: Floats | None = None
    """(M,) float32."""
    visible: Bools | None = None
    """(M,) bool."""
    source: Source = Source.HEAVY
    label_maps: dict[str, LabelMap] = field(default_factory=dict)
    """By mask scheme."""
    class_scores: dict[str, Floats] = field(default_factory=dict)
    """By mask scheme, (K, 2) float32: mean and minimum confidence of each class."""

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return all(same(getattr(self, f.name), getattr(other, f.name)) for f in fields(self))

    __hash__ = None  # type: ignore[assignment]  # its arrays can change


@dataclass(eq=False)
class ShownFace(FaceRecord):
    """What is drawn and exported: the annotation where there is one, else the active run."""

    landmark_scheme: str | None = None
    edited: Bools | None = None
    """(M,) bool: points a person set by hand."""
    point_sources: Bytes | None = None
    """(M,) uint8 of `Source`: where each shown point came from."""
    box_source: Source = Source.HEAVY
    label_map_sources: dict[str, Source] = field(default_factory=dict)
    review: ReviewState = ReviewState.UNSEEN
    name: str = ""
    colour: str = ""
    """`#rrggbb` a person chose, or "" for the window's own choice."""


@dataclass(frozen=True)
class RunHeader:
    """What a run is about; the first thing in its file."""

    run_id: str
    """File name without suffix; empty to have one made."""
    clip_id: str
    kind: str
    """"predict", "propagate", "smooth", "import"."""
    title: str
    frames: int
    """Frames of the clip."""
    start: int
    """First frame the run is about."""
    stop: int
    """One past the last frame the run is about."""
    model: dict[str, Any] = field(default_factory=dict)
    """The model's card."""
    landmark_scheme: str | None = None
    mask_schemes: tuple[str, ...] = ()
    created: str = ""
    """ISO 8601, UTC; empty to have it filled in."""
    program_version: str = ""
    settings: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """A JSON object with a key a field."""
        record = {f.name: getattr(self, f.name) for f in fields(self)}
        return record | {"mask_schemes": list(self.mask_schemes)}

    @classmethod
    def from_json(cls, record: Any) -> RunHeader:
        """The header a JSON object describes; keys this version does not know are left out.

        Raises:
            ValueError: If it is no object, a key is missing, or a value has the wrong kind.
        """
        if not isinstance(record, dict):
            raise ValueError("the run's header is no object")
        known = {f.name: record[f.name] for f in fields(cls) if f.name in record}
        _check_kinds(known)
        known["mask_schemes"] = tuple(known.get("mask_schemes", ()))
        try:
            return cls(**known)
        except TypeError as error:
            raise ValueError(f"the run's header lacks a field ({error})") from error


_TEXT = ("run_id", "clip_id", "kind", "title", "created", "program_version")
_MOST = 1 << 40
_COUNTS = ("frames", "start", "stop")


def _check_kinds(known: Mapping[str, Any]) -> None:
    """Raise ValueError for a header value of the wrong kind."""
    schemes = known.get("mask_schemes", ())
    good = (
        all(isinstance(known.get(key, ""), str) for key in _TEXT)
        and all(
            type(known.get(key, 0)) is int and 0 <= known.get(key, 0) < _MOST for key in _COUNTS
        )
        and all(isinstance(known.get(key, {}), dict) for key in ("model", "settings"))
        and isinstance(known.get("landmark_scheme"), str | None)
        and isinstance(schemes, list | tuple)
        and all(isinstance(name, str) for name in schemes)
    )
    if not good:
        raise ValueError("the run's header holds a value of the wrong kind")


@dataclass(frozen=True)
class Clip:
    """A video or image folder of the project."""

    clip_id: str
    rel_path: str
    """From the project folder, with `/`; absolute where no relative path exists."""
    content_id: str
    """SHA-256 hex of the file's size and samples, or "" when unknown."""
    frames: int
    fps: float
    width: int
    height: int
    size_bytes: int = 0
    """Of the file when it was added (0 for an image folder): narrows the search for it."""


@dataclass(frozen=True)
class Track:
    """What a person said about one face through time."""

    clip_id: str
    track_id: int
    name: str = ""
    colour: str = ""
    """`#rrggbb`, or "" for the window's own choice."""


@dataclass(eq=False)
class LandmarkAnnotation:
    """What a person decided about the landmarks of one face in one frame.

    A point is decided where it is finite or `edited`; `edited` and NaN = decided to be missing.
    """

    points: Floats
    """(M, 2) float32, NaN where undecided or missing."""
    edited: Bools
    """(M,) bool: set by hand (dragged, nudged, placed); False for accepted or computed points."""
    visible: Bools | None = None
    """(M,) bool; None = nothing said."""
    sources: Bytes | None = None
    """(M,) uint8 of `Source`; None = PERSON everywhere."""

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, LandmarkAnnotation):
            return NotImplemented
        return all(same(getattr(self, f.name), getattr(other, f.name)) for f in fields(self))

    __hash__ = None  # type: ignore[assignment]

    @property
    def decided(self) -> Bools:
        """(M,) bool: points taken from here, not from the run."""
        return self.edited | np.isfinite(self.points).all(axis=1)


@dataclass
class Annotation:
    """Everything a person decided about one face in one frame."""

    clip_id: str
    frame: int
    track_id: int
    landmarks: dict[str, LandmarkAnnotation] = field(default_factory=dict)
    """By landmark scheme."""
    label_maps: dict[str, LabelMap] = field(default_factory=dict)
    """By mask scheme."""
    label_map_sources: dict[str, Source] = field(default_factory=dict)
    box_xyxy: Floats | None = None
    """(4,) float32."""
    present: bool | None = None
    """True: a person added the face; False: "no face here"; None: nothing said."""
    review: ReviewState = ReviewState.UNSEEN

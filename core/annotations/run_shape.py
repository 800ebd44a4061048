"""How many points and classes a run's faces have: fixed by the first face that has any."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.annotations.records import FaceRecord

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,80}")
_PER_POINT = ("landmarks", "landmark_scores", "visible")
_MAX_TRACK = (1 << 31) - 1


@dataclass
class RunShape:
    """The sizes every face of a run shares; columns need them."""

    points: int | None = None
    """M; None until a face has landmarks."""
    per_point: set[str] = field(default_factory=set)
    """Which of landmarks, landmark_scores, visible any face has."""
    classes: dict[str, int] = field(default_factory=dict)
    """K by mask scheme, of class scores."""
    maps: set[str] = field(default_factory=set)
    """Mask schemes with label maps."""
    values: set[str] = field(default_factory=set)
    """Names of the frames' own values."""

    def take_in(self, faces: Sequence[FaceRecord], values: Mapping[str, float]) -> None:
        """Check the faces of a frame against the run so far and remember what is new.

        Raises:
            ValueError: If a face has impossible or other sizes than earlier ones.
        """
        if len({face.track_id for face in faces}) != len(faces):
            raise ValueError("two faces of one frame have the same track")
        for face in faces:
            self._take_face(face)
        self.values.update(values)
        for name in (*self.classes, *self.maps, *self.values):
            if not _NAME.fullmatch(name):
                raise ValueError(f"{name!r} cannot name a column; letters, digits and . _ - can")

    def _take_face(self, face: FaceRecord) -> None:
        if not 0 <= face.track_id <= _MAX_TRACK:
            raise ValueError(f"track {face.track_id} is outside 0 … {_MAX_TRACK}")
        if face.box_xyxy.shape != (4,):
            raise ValueError(f"a box is (4,), not {face.box_xyxy.shape}")
        for name in _PER_POINT:
            array = getattr(face, name)
            if array is not None:
                self._take_points(array.shape, (2,) if name == "landmarks" else ())
                self.per_point.add(name)
        for scheme, scores in face.class_scores.items():
            if scores.shape != (self.classes.setdefault(scheme, len(scores)), 2):
                raise ValueError(f"class scores of {scheme} have shape {scores.shape}")
        self.maps.update(face.label_maps)

    def _take_points(self, shape: tuple[int, ...], tail: tuple[int, ...]) -> None:
        if self.points is None:
            self.points = shape[0]
        if shape != (self.points, *tail):
            raise ValueError(f"{shape} does not fit faces of {self.points} points")

    def to_json(self) -> dict[str, Any]:
        """A JSON object."""
        return {
            "points": self.points,
            "per_point": sorted(self.per_point),
            "classes": dict(sorted(self.classes.items())),
            "maps": sorted(self.maps),
            "values": sorted(self.values),
        }

    @classmethod
    def from_json(cls, record: Any) -> RunShape:
        """The shape a JSON object describes.

        Raises:
            ValueError: If it describes none.
        """
        try:
            points = record["points"]
            return cls(
                None if points is None else int(points),
                {str(name) for name in record["per_point"]},
                {str(name): int(count) for name, count in record["classes"].items()},
                {str(name) for name in record["maps"]},
                {str(name) for name in record["values"]},
            )
        except (AttributeError, KeyError, TypeError, ValueError, OverflowError) as error:
            raise ValueError("the sizes of a run are damaged") from error

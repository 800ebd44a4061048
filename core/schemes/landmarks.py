"""A landmark scheme: which points a face has, in what order, and how they hang together.

Point names are one vocabulary for all schemes: **points of the same name coincide**, and `right_…`
and `left_…` (the person's own right and left) mirror each other. Maps between schemes and mirror
tables follow from the names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.geometry import Array
from core.schemes.curves import line_basis, spline_basis

Colour = tuple[int, int, int]
"""Red, green, blue; 0–255."""

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Contour:
    """A curve of the face through some of its points, in order."""

    name: str
    points: tuple[int, ...]
    closed: bool
    """Whether it returns to its first point without a corner there."""
    kind: Literal["spline", "line"]

    def curve(self, xy: Array, per_interval: int = 10) -> Array:
        """Points along the contour.

        Args:
            xy: All points of the scheme, (..., M, 2); NaN where one is missing.
            per_interval: Samples from one landmark to the next (splines only).

        Returns:
            (..., samples, 2); a closed curve does not repeat its first point. All NaN when a
            landmark of the contour is missing.
        """
        count = len(self.points)
        if self.kind == "line":
            basis = line_basis(count, self.closed)
        else:
            basis = spline_basis(count, per_interval, self.closed)
        return np.asarray(basis @ np.asarray(xy, dtype=np.float64)[..., self.points, :])


@dataclass(frozen=True, eq=False)
class LandmarkScheme:
    """M named points. Indices are 0-based; arrays are read-only."""

    name: str
    title: str
    point_names: tuple[str, ...]
    contours: tuple[Contour, ...]
    mirror: Indices
    """(M,): point `mirror[i]` of a mirrored image is point i."""
    normalising_pair: tuple[int, int]
    """The points whose distance normalises errors: the outer eye corners where there are any."""
    components: Mapping[str, tuple[int, ...]]
    """Parts of the face; every point is in exactly one."""
    maps: Mapping[str, Indices]
    """For each bundled scheme: the index here of each of its points, −1 where none coincides."""
    component_colours: Mapping[str, Colour]
    derived: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """Points of other schemes that are the mean of points here: eye and mouth centres."""
    sparse_formats: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """Known sparse formats as points here; where one is lacking, the nearest in the mean shape."""
    note: str = ""

    @property
    def num_points(self) -> int:
        """M."""
        return len(self.point_names)

    @property
    def point_colours(self) -> NDArray[np.uint8]:
        """Each point's colour, that of its component, (M, 3)."""
        colours = np.zeros((self.num_points, 3), dtype=np.uint8)
        for name, points in self.components.items():
            colours[list(points)] = self.component_colours[name]
        return colours

    def map_to(self, target: LandmarkScheme) -> Indices:
        """The index here of each point of `target`, −1 where none coincides; (M of target,)."""
        known = self.maps.get(target.name)
        return known if known is not None else point_map(self.point_names, target.point_names)

    def convert(self, xy: Array, target: LandmarkScheme) -> Array:
        """The points of another scheme as far as these give them.

        Args:
            xy: (..., M, 2) in this scheme.
            target: The scheme wanted.

        Returns:
            (..., M of target, 2) float64: points that coincide, then derived ones, NaN else.
        """
        xy = np.asarray(xy, dtype=np.float64)
        out = np.full((*xy.shape[:-2], target.num_points, 2), np.nan)
        found = self.map_to(target)
        out[..., found >= 0, :] = xy[..., found[found >= 0], :]
        for index in np.flatnonzero(found < 0):
            sources = self.derived.get(target.point_names[index])
            if sources is not None:
                out[..., index, :] = xy[..., sources, :].mean(axis=-2)
        return out

    def mirrored(self, xy: Array, width: int) -> Array:
        """The points of the image mirrored left to right, (..., M, 2), in this scheme's order."""
        flipped = np.array(xy, dtype=np.float64)[..., self.mirror, :]
        flipped[..., 0] = width - 1 - flipped[..., 0]
        return flipped


def point_map(source_names: Sequence[str], target_names: Sequence[str]) -> Indices:
    """Where each target point lies among the source points by name, −1 if nowhere; read-only."""
    where = {name: index for index, name in enumerate(source_names)}
    found = np.array([where.get(name, -1) for name in target_names], dtype=np.int64)
    found.flags.writeable = False
    return found


def mirror_by_name(names: Sequence[str]) -> Indices:
    """The permutation that swaps `right_…` and `left_…`; a name without partner stays.

    Returns:
        (len(names),) int64, an involution, read-only.
    """
    swap = {"right_": "left_", "left_": "right_"}
    where = {name: index for index, name in enumerate(names)}
    partners = []
    for index, name in enumerate(names):
        side = name.split("_", 1)[0] + "_"
        partner = swap[side] + name[len(side) :] if side in swap else name
        partners.append(where.get(partner, index))
    mirror = np.array(partners, dtype=np.int64)
    mirror.flags.writeable = False
    return mirror

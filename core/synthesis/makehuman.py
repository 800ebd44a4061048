"""MakeHuman's CC0 head as a `HeadTemplate`, read from the folder that `LINEAMENT_HEAD` names.

Identity and expression are linear in target weights; the eyeballs turn about their joints; head and
neck turn about the neck. Proxies (eyes, brows, lashes, teeth, tongue, hair, hat) follow the mesh.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import InputError
from core.synthesis.mhanchors import load_anchor_map
from core.synthesis.mhbatch import AnchorDeformer, neck_pivot, posed_points
from core.synthesis.mhdata import HeadData, read_head
from core.synthesis.mhidentity import ANCESTRIES, identity_modes, target_weights
from core.synthesis.mhlayers import BoundProxy, bind_proxy, split_at_seams
from core.synthesis.mhmouth import LOPSIDED, MouthBag, side_gain
from core.synthesis.mhparts import skin_parts
from core.synthesis.template import (
    EXPRESSION_UNITS,
    Anchors,
    HeadPose,
    HeadShape,
    MeshLayer,
    PosedHead,
)
from core.synthesis.turning import head_share, rotation, turn
from core.synthesis.warp import radial_spread

FloatArray = NDArray[np.float32]
_ALWAYS = ("eyes", "brows", "lashes", "teeth", "tongue")  # layers every head has, besides the skin
_MOVING = frozenset({"brows", "lashes", "teeth", "tongue"})  # follow the expression
_LOWER_TEETH = (15006, 15010, 15041)  # the helper vertices the lower teeth hang on
_SUBJECTS_KEPT = 8


def head_folder() -> Path | None:
    """The folder `LINEAMENT_HEAD` names, or None if unset or no folder."""
    value = os.environ.get("LINEAMENT_HEAD")
    folder = Path(value).expanduser() if value else None
    return folder if folder is not None and folder.is_dir() else None


def load(folder: Path | None = None) -> MakeHumanHead:
    """The MakeHuman head (kept in memory; the folder is read once).

    Args:
        folder: The head folder; None = the one `LINEAMENT_HEAD` names.

    Raises:
        InputError: If there is no such folder or it is incomplete.
    """
    folder = folder or head_folder()
    if folder is None:
        raise InputError("The MakeHuman head needs its folder: set LINEAMENT_HEAD to it.")
    return _load(folder.resolve())


@lru_cache(maxsize=2)
def _load(folder: Path) -> MakeHumanHead:
    from core.paths import user_cache

    return MakeHumanHead(folder, read_head(folder, user_cache() / "head"))


@dataclass(frozen=True, eq=False)
class _Subject:
    """What stays the same through a subject's frames."""

    shape: HeadShape  # kept alive, so that its id stays its own
    neutral: FloatArray  # (V, 3) origin between the eyes
    expression: FloatArray  # (E, n, 3) offsets of the moved vertices
    layers: tuple[MeshLayer, ...]
    proxies: tuple[BoundProxy, ...]  # of layers[1:]
    scales: tuple[FloatArray, ...]  # (3,) a proxy
    still: tuple[FloatArray, ...]  # neutral positions a proxy, (P, 3)
    shares: tuple[FloatArray, ...]  # (P,) a proxy
    pivot: FloatArray  # (3,)
    eye_centres: FloatArray  # (2, 3) left, right
    brows: str  # name of the brow mesh


class MakeHumanHead:
    """The template; see the module's text."""

    name = "makehuman"

    def __init__(self, folder: Path, data: HeadData) -> None:
        self.folder = folder
        self.data = data
        self._rows = {name: row for row, name in enumerate(data.target_names)}
        self._modes = identity_modes(data.target_names)
        self.modes = tuple(self._modes)
        self.options = self._options()
        self._skin = split_at_seams(data.triangles, data.triangles_uv, data.uv)
        self._skin_layer = MeshLayer(
            "skin",
            "skin",
            self._skin[0],
            self._skin[1],
            self._skin[2],
            skin_parts(data),
            False,
            None,
        )
        origin = self._joint(data.base, "l-eye") + self._joint(data.base, "r-eye")
        self._share = head_share(data.base - 0.5 * origin)
        self._moved, self._units = self._expression_units()
        self._lower_teeth = np.searchsorted(data.kept, np.array(_LOWER_TEETH))
        self._mouth = MouthBag.of(data, self._skin_layer.parts)
        self._map = load_anchor_map(data.kept)
        self._spread = self._warp_spread(0.5 * origin)
        self._deformer: AnchorDeformer | None = None
        self._bound: dict[tuple[str, str], BoundProxy] = {}
        self._subjects: OrderedDict[int, _Subject] = OrderedDict()

    def layers(self, shape: HeadShape) -> tuple[MeshLayer, ...]:
        """The meshes of one subject: skin first, then the proxies."""
        return self._subject(shape).layers

    def deform(self, shape: HeadShape, pose: HeadPose) -> PosedHead:
        """The subject in one frame."""
        subject = self._subject(shape)
        base = subject.neutral.copy()
        base[self._moved] += np.tensordot(pose.expression, subject.expression, axes=1)
        if pose.lopsided:
            lips = np.tensordot(pose.expression[LOPSIDED], subject.expression[LOPSIDED], axes=1)
            gain = side_gain(subject.neutral[self._moved, 0], pose.lopsided)
            base[self._moved] += lips * gain[:, None]
        self._mouth.retreat(base, pose)
        angles = (pose.yaw, pose.pitch, pose.roll)
        shift = np.asarray(pose.translation, dtype=np.float32)
        posed = turn(base, self._share, subject.pivot, angles, shift)
        vertices = [posed[self._skin[2]]]
        for index, bound in enumerate(subject.proxies):
            points = self._proxy_points(subject, index, base, pose)
            points = turn(points, subject.shares[index], subject.pivot, angles, shift)
            vertices.append(points[bound.split])
        return PosedHead(subject.layers, tuple(vertices), self._anchors_of(subject, posed, pose))

    def anchors(self, shapes: Sequence[HeadShape], poses: Sequence[HeadPose]) -> Anchors:
        """Anchors of many faces (shapes[i] in poses[i]), leading dimension B.

        Raises:
            ValueError: If there are none, or not as many shapes as poses.
        """
        if not shapes or len(shapes) != len(poses):
            raise ValueError("anchors need as many shapes as poses, at least one")
        if self._deformer is None:
            self._deformer = AnchorDeformer(
                self.data, self._map, self._modes, self._share, self._spread
            )
        brows = [shape.choices.get("brows", self.options["brows"][0]) for shape in shapes]
        return self._deformer.anchors(shapes, poses, brows)

    def _proxy_points(
        self, subject: _Subject, index: int, base: FloatArray, pose: HeadPose
    ) -> FloatArray:
        bound = subject.proxies[index]
        name = bound.layer.name
        if name == "eyes":
            return _gazed(subject.still[index], subject.eye_centres, pose)
        if name not in _MOVING:
            return subject.still[index]
        points = bound.place(base, subject.scales[index])
        if name == "tongue":
            points += self._tongue_motion(subject, points, base, pose)
        return points

    def _tongue_motion(
        self, subject: _Subject, points: FloatArray, base: FloatArray, pose: HeadPose
    ) -> FloatArray:
        """The tongue lies on the jaw: its tip follows the lower teeth, its root stays.

        The expression units move the teeth but hardly the tongue. Stuck out, it slides forwards
        over the lower lip.
        """
        jaw = (base[self._lower_teeth] - subject.neutral[self._lower_teeth]).mean(axis=0)
        depth = points[:, 2]
        forward = (depth - depth.min()) / np.ptp(depth)  # 0 at the root, 1 at the tip
        out = np.float32(pose.tongue) * np.array([0.0, -0.12, 0.55], dtype=np.float32)
        return forward[:, None] * (jaw + out * forward[:, None])

    def _anchors_of(self, subject: _Subject, posed: FloatArray, pose: HeadPose) -> Anchors:
        brow = next(i for i, p in enumerate(subject.proxies) if p.layer.name == "brows")
        points = posed_points(
            self._map,
            posed,
            pose,
            subject.brows,
            subject.scales[brow],
            subject.eye_centres,
            subject.pivot,
        )
        return self._map.assemble(*points)

    def _warp_spread(self, origin: FloatArray) -> FloatArray:
        """How displacements of the 68 landmarks move the base vertices, (V, 68)."""
        fixed = np.asarray(self._map.fixed @ self.data.base)
        brow = self.options["brows"][0]
        brows = np.asarray(self._map.brows[brow] @ self.data.base)
        pupils, axes = np.zeros((2, 3), np.float32), np.eye(3, dtype=np.float32)
        points = self._map.assemble(fixed, brows, pupils, axes, origin).ibug68
        return radial_spread(points, self.data.base)

    def _options(self) -> dict[str, tuple[str, ...]]:
        folders = {
            "eyes": "eyes",
            "brows": "eyebrows",
            "lashes": "eyelashes",
            "teeth": "teeth",
            "tongue": "tongue",
            "hair": "hair",
            "hat": "clothes",
        }
        names = {
            kind: tuple(n.split("/")[1] for n in self.data.proxies if n.startswith(folder + "/"))
            for kind, folder in folders.items()
        }
        return names | {"hair": ("", *names["hair"]), "hat": ("", *names["hat"])}

    def _joint(self, base: FloatArray, name: str) -> FloatArray:
        return base[self.data.joints[name]].mean(axis=0)

    def _expression_units(self) -> tuple[NDArray[np.int64], FloatArray]:
        """Vertices any unit moves (n,), and all units (3 ancestries, E, n, 3)."""
        rows = [
            [self._rows[f"expression/units/{a}/{unit}"] for unit in EXPRESSION_UNITS]
            for a in ANCESTRIES
        ]
        dense = self.data.targets[np.ravel(rows)].toarray()
        dense = dense.reshape(len(ANCESTRIES), len(EXPRESSION_UNITS), -1, 3)
        moved = np.flatnonzero(np.abs(dense).max(axis=(0, 1, 3)) > 0)
        return moved, np.ascontiguousarray(dense[:, :, moved])

    def _subject(self, shape: HeadShape) -> _Subject:
        known = self._subjects.get(id(shape))
        if known is not None and known.shape is shape:
            self._subjects.move_to_end(id(shape))
            return known
        subject = self._make_subject(shape)
        self._subjects[id(shape)] = subject
        if len(self._subjects) > _SUBJECTS_KEPT:
            self._subjects.popitem(last=False)
        return subject

    def _neutral(self, shape: HeadShape) -> FloatArray:
        """Vertices without expression, (V, 3), origin between the eyes."""
        weights = target_weights(shape, self._rows, self._modes)
        used = np.flatnonzero(weights)
        offsets = self.data.targets[used].T @ weights[used]
        neutral = self.data.base + np.asarray(offsets, dtype=np.float32).reshape(-1, 3)
        if shape.warp:
            neutral += self._spread @ np.array(shape.warp, dtype=np.float32)
        return neutral - 0.5 * (self._joint(neutral, "l-eye") + self._joint(neutral, "r-eye"))

    def _make_subject(self, shape: HeadShape) -> _Subject:
        neutral = self._neutral(shape)
        expression = np.tensordot(np.asarray(shape.ancestry, dtype=np.float32), self._units, axes=1)
        proxies = tuple(self._bind(kind, name) for kind, name in self._chosen(shape))
        scales = tuple(p.scale(neutral) for p in proxies)
        pivot = neck_pivot(self._joint(neutral, "neck"), self._joint(neutral, "head"))
        eyes = np.stack([self._joint(neutral, "l-eye"), self._joint(neutral, "r-eye")])
        return _Subject(
            shape,
            neutral,
            expression,
            (self._skin_layer, *(p.layer for p in proxies)),
            proxies,
            scales,
            tuple(p.place(neutral, s) for p, s in zip(proxies, scales, strict=True)),
            tuple(np.asarray(p.bind @ self._share, dtype=np.float32) for p in proxies),
            pivot,
            eyes.astype(np.float32),
            dict(self._chosen(shape))["brows"],
        )

    def _chosen(self, shape: HeadShape) -> list[tuple[str, str]]:
        """(kind, mesh) of each proxy layer in drawing order.

        Raises:
            InputError: If the shape asks for a mesh the folder has not.
        """
        chosen = []
        for kind in (*_ALWAYS, "hair", "hat"):
            default = self.options[kind][0]
            name = shape.choices.get(kind, default)
            if name not in self.options[kind]:
                raise InputError(f"The head folder {self.folder} has no {kind} called {name!r}.")
            if name:
                chosen.append((kind, name))
        return chosen

    def _bind(self, kind: str, name: str) -> BoundProxy:
        if (kind, name) not in self._bound:
            self._bound[kind, name] = bind_proxy(self.data, name, kind, self.folder)
        return self._bound[kind, name]


def _gazed(eyes: FloatArray, centres: FloatArray, pose: HeadPose) -> FloatArray:
    """Turn each eyeball about its own centre."""
    result = eyes.copy()
    for centre, gaze in zip(centres, (pose.gaze_left, pose.gaze_right), strict=True):
        own = (eyes[:, 0] > 0) == (centre[0] > 0)
        result[own] = (eyes[own] - centre) @ rotation(*gaze, 0.0).T.astype(np.float32) + centre
    return result

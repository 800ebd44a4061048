"""The mean face of our synthetic people from in front: where a face template starts.

`python -m core.synthesis.mean_shape` writes resources/faces/mean_shape.json anew from the CC0 head
in the folder `LINEAMENT_HEAD`, whose jaw and nose are nearer to people's than the embedded head's.
"""

from __future__ import annotations

import json

import numpy as np
from numpy.typing import NDArray

from core.schemes import LandmarkScheme, load_landmark_scheme
from core.synthesis.landmarks import project_landmarks
from core.synthesis.scene import View, frame_faces
from core.synthesis.shape import sample_shape
from core.synthesis.template import HeadPose, load_template

Points = NDArray[np.float64]
_PEOPLE = 200
_FAR = View(distance_dm=20.0, eyes_share=0.3, off_x=0.0, off_y=0.0)
_WING_OUTWARDS, _WING_UPWARDS = 0.12, 0.16
"""From the outer point of the nose's base to the wing, as shares of the base's width."""


def mean_shape(head: str = "makehuman") -> dict[str, tuple[float, float]]:
    """By point name: x, y with the eyes' middles at (∓0.5, 0), y down; exactly symmetric.

    Args:
        head: Name of the head template.

    Raises:
        InputError: If its folder is missing.
    """
    template = load_template(head)
    shapes = [sample_shape(seed, template) for seed in range(_PEOPLE)]
    anchors = template.anchors(shapes, [HeadPose()] * _PEOPLE)
    cameras, _ = frame_faces(anchors, (512, 512), [_FAR] * _PEOPLE)
    named: dict[str, Points] = {}
    for name in ("wflw98", "ibug68"):  # of points both have, the 68 ones win
        scheme = load_landmark_scheme(name)
        faces = project_landmarks(anchors, cameras, scheme.name).astype(np.float64)  # type: ignore[arg-type]
        named |= _named(scheme, faces.mean(axis=0))
    named |= _nose_sides(named)
    middle = (named["right_eye_centre"] + named["left_eye_centre"]) / 2
    width = float(np.linalg.norm(named["left_eye_centre"] - named["right_eye_centre"]))
    placed = {name: (xy - middle) / width for name, xy in named.items()}
    return {name: _symmetric(placed, name) for name in sorted(placed)}


def write() -> None:
    """Write the file."""
    from core import paths  # not at the top: see the house rules for training machines

    points = {name: [round(v, 4) for v in xy] for name, xy in mean_shape().items()}
    path = paths.resources() / "faces" / "mean_shape.json"
    note = "Mean of 200 MakeHuman (CC0) heads from in front; python -m core.synthesis.mean_shape"
    path.write_text(json.dumps({"note": note, "points": points}, indent=1) + "\n", "utf-8")


def _named(scheme: LandmarkScheme, xy: Points) -> dict[str, Points]:
    """A scheme's points and those derived from them, by name."""
    named = dict(zip(scheme.point_names, xy, strict=True))
    return named | {
        name: xy[list(members)].mean(axis=0) for name, members in scheme.derived.items()
    }


def _nose_sides(named: dict[str, Points]) -> dict[str, Points]:
    """The wings and sides of the nose, which neither scheme has, from the points around them."""
    found: dict[str, Points] = {}
    width = np.linalg.norm(named["left_nose_base_2"] - named["right_nose_base_2"])
    for side, outwards in (("right", -1.0), ("left", 1.0)):
        away = width * np.array([outwards * _WING_OUTWARDS, -_WING_UPWARDS])
        wing = named[f"{side}_nose_base_2"] + away
        top = (2 * named["nose_bridge_1"] + named[f"{side}_eye_inner"]) / 3
        found[f"{side}_nose_wing"] = wing
        found[f"{side}_nose_side_1"] = top
        found[f"{side}_nose_side_2"] = 0.4 * top + 0.6 * wing
    return found


def _symmetric(placed: dict[str, Points], name: str) -> tuple[float, float]:
    """The mean of a point and its partner's mirror image."""
    side, _, rest = name.partition("_")
    partner = {"right": f"left_{rest}", "left": f"right_{rest}"}.get(side, name)
    x, y = (placed[name] + placed[partner] * [-1.0, 1.0]) / 2
    return float(x), float(y)


if __name__ == "__main__":
    write()

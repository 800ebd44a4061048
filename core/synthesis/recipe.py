"""What a world is like: the distributions a frame's scene is drawn from, and named presets."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from core.errors import InputError


@dataclass(frozen=True)
class Recipe:
    """Settings of a synthetic world. Shares are probabilities, angles degrees."""

    template: str = "auto"  # "auto", "makehuman" or "procedural"
    frontal_share: float = 0.55  # faces that nearly look at the camera
    yaw_deg: float = 75.0  # largest turn to a side
    pitch_deg: float = 40.0
    roll_deg: float = 40.0
    expression: float = 1.0  # strength of expressions, 0 = neutral
    occluded_share: float = 0.3  # faces with something in front of them
    glasses_share: float = 0.18
    hat_share: float = 0.05
    other_face_share: float = 0.06  # frames with a second face at the edge
    faults: float = 1.0  # camera: 0 = clean, 1 = anything
    eye_distance_share: tuple[float, float] = (0.24, 0.4)  # of the image's smaller side
    off_centre: float = 0.12  # sd of the face's place, as a share of the image's smaller side
    background_folder: str = ""  # pictures for backgrounds; "" = clutter by formula

    @classmethod
    def from_table(cls, table: dict[str, Any], where: str) -> Recipe:
        """Read a recipe from plain values.

        Raises:
            InputError: If a field is unknown or has the wrong type.
        """
        known = {f.name: f for f in fields(cls)}
        for name, value in table.items():
            if name not in known:
                raise InputError(
                    f"{where}: a world has no field {name!r}; it has {', '.join(known)}."
                )
            default = getattr(cls(), name)
            if isinstance(default, str) != isinstance(value, str) or isinstance(value, bool):
                raise InputError(f"{where}: {name} should be like {default!r}, not {value!r}.")
            if isinstance(default, tuple) and (not isinstance(value, list) or len(value) != 2):
                raise InputError(f"{where}: {name} should be two numbers, not {value!r}.")
        fixed: dict[str, Any] = {
            k: tuple(v) if isinstance(v, list) else v for k, v in table.items()
        }
        return replace(cls(), **fixed)


#: Named worlds.
PRESETS: dict[str, Recipe] = {
    "default": Recipe(),
    "frontal": Recipe(
        frontal_share=1.0, yaw_deg=12.0, pitch_deg=8.0, roll_deg=8.0, occluded_share=0.0,
        glasses_share=0.05, hat_share=0.0, other_face_share=0.0, faults=0.2, expression=0.6,
        off_centre=0.05, eye_distance_share=(0.22, 0.32),
    ),
    "hard": Recipe(frontal_share=0.15, occluded_share=0.6, glasses_share=0.25, hat_share=0.1),
    "clean": Recipe(occluded_share=0.0, faults=0.0, other_face_share=0.0),
}  # fmt: skip


def load_recipe(name_or_file: str) -> Recipe:
    """A preset by name, or a TOML file whose fields change the default world.

    Raises:
        InputError: If there is no such preset or file, or the file does not fit.
    """
    if name_or_file in PRESETS:
        return PRESETS[name_or_file]
    path = Path(name_or_file)
    if not path.is_file():
        raise InputError(
            f"{name_or_file}: no such world; name one of {', '.join(PRESETS)} or a TOML file."
        )
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not valid TOML ({error}).") from error
    base = table.pop("preset", "default")
    if base not in PRESETS:
        raise InputError(f"{path}: no preset {base!r}; there are {', '.join(PRESETS)}.")
    read = Recipe.from_table(table, str(path))
    return replace(PRESETS[base], **{name: getattr(read, name) for name in table})

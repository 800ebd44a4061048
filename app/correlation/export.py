"""The matrix as a file: picture, table or arrays, by the ending of its name."""

from __future__ import annotations

import csv
from pathlib import Path

from app.correlation.heat_map import Scale
from app.correlation.live import Shown
from core.errors import InputError, ResourceError

FILTER = "Picture (*.png);;Table (*.csv);;NumPy arrays (*.npz)"


def save_matrix(path: Path, shown: Shown, scale: Scale, title: str) -> None:
    """Write what is shown.

    Raises:
        InputError: If there is nothing to write or the ending is unknown.
        ResourceError: If it cannot be written.
    """
    if shown.matrix is None or shown.count is None or shown.still is None:
        raise InputError("There is no affinity to export: three faces are needed.")
    ending = path.suffix.lower()
    if ending == ".png":
        from core.correlation.picture import heat_map, save_picture

        words = f"{shown.scheme.title} · {shown.faces} faces · hullbox"
        spread = (scale.low, scale.high)
        picture = heat_map(shown.matrix, shown.scheme, title, words, scale.is_diverging, spread)
        save_picture(path, picture)
    elif ending == ".npz":
        from core.correlation.affinity import Affinity
        from core.correlation.affinity_file import write_affinity

        found = Affinity(
            shown.matrix, shown.count, shown.still, shown.faces, "hullbox", shown.scheme.name
        )
        write_affinity(path, found)
    elif ending == ".csv":
        _write_table(path, shown)
    else:
        raise InputError(f"{path}: a matrix is exported as .png, .csv or .npz.")


def _write_table(path: Path, shown: Shown) -> None:
    """Names in the first row and column."""
    names = list(shown.scheme.point_names)
    part = path.with_name(path.name + ".part")
    try:
        with part.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow(["", *names])
            assert shown.matrix is not None
            for name, row in zip(names, shown.matrix.tolist(), strict=True):
                writer.writerow([name, *(f"{value:.6f}" for value in row)])
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise ResourceError(f"{path}: cannot be written ({error.strerror or error}).") from error

"""`study correlation`: what the affinity of real faces shows, and formats judged on other faces."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.commands.console import Console
from core.errors import InputError

if TYPE_CHECKING:
    from core.correlation.face_sets import FaceSet


def run(args: argparse.Namespace, console: Console) -> int:
    """Study the sets that `--data` names; draw pictures into `--plots`."""
    from core.correlation.face_sets import read_faces
    from core.evaluation import correlation, records

    if not args.data:
        raise InputError("study correlation needs --data NAME=SPEC, several times.")
    sets: list[tuple[str, FaceSet]] = []
    for text in args.data:
        name, equals, spec = text.partition("=")
        if not equals:
            raise InputError(f"{text}: study correlation names its sets, as in 300W=stld:LIST.txt.")
        sets.append((name, read_faces([spec]).complete()))
    figures = correlation.study(sets, args.draws, console.report, console.cancelled)
    record = records.make_record("correlation", args.title or "correlation", figures)
    console.say(f"wrote {records.write_record(args.record, record)}")
    if args.plots is not None:
        _draw(args, sets, console)
    console.result(record)
    return 0


def _draw(args: argparse.Namespace, sets: list[tuple[str, FaceSet]], console: Console) -> None:
    """A heat-map of each set, the difference of the first two of a scheme, and the curves."""
    from core.correlation.affinity import affinity_of
    from core.correlation.picture import heat_map

    folder: Path = args.plots
    matrices: dict[str, list[tuple[str, Any, Any]]] = {}
    for name, faces in sets:
        found = affinity_of(faces.landmarks, faces.scheme)
        matrices.setdefault(faces.scheme.name, []).append((name, found.matrix, faces.scheme))
        words = f"{name} · {len(faces)} faces · hullbox"
        picture = heat_map(
            found.matrix, faces.scheme, "Landmark affinity", words, value_range=(0.0, 1.0)
        )
        _saved(folder / f"affinity-{name.lower()}.png", picture, console)
    for same in matrices.values():
        if len(same) > 1:
            (one, first, scheme), (other, second, _) = same[:2]
            picture = heat_map(first - second, scheme, f"{one} − {other}", "hullbox", True)
            _saved(folder / "affinity-difference.png", picture, console)
    _saved(folder / "sparse-curves.png", _curves(sets, args.draws), console)


def _saved(path: Path, picture: Any, console: Console) -> None:
    from core.correlation.picture import save_picture

    save_picture(path, picture)
    console.say(f"wrote {path}")


def _curves(sets: list[tuple[str, FaceSet]], draws: int) -> Any:
    """ĉ(m) of some draws of a tenth of the faces, first set of each scheme and 41 points."""
    import numpy as np

    from core.correlation.affinity import affinity
    from core.correlation.draws import draw_formats
    from core.correlation.face_sets import FaceSet
    from core.correlation.normalise import hullbox_normalised
    from core.correlation.picture import Line, curve_picture
    from core.correlation.sparse_format import coverage
    from core.schemes import load_landmark_scheme

    first: dict[str, tuple[str, FaceSet]] = {}
    for name, faces in sets:
        first.setdefault(faces.scheme.name, (name, faces))
    inner = load_landmark_scheme("inner41")
    name, faces = next(iter(first.values()))
    landmarks = np.asarray(faces.scheme.convert(faces.landmarks, inner), np.float64)
    chosen = [*first.values(), (name, FaceSet(landmarks, inner))]
    lines, marks = [], {}
    for name, faces in chosen:
        normalised = hullbox_normalised(faces.landmarks)
        most = min(40, faces.scheme.num_points - 1)
        found = draw_formats(
            normalised, faces.scheme, max(20, len(faces) // 10), range(1, most + 1), draws
        )
        points = faces.scheme.num_points
        lines.append(
            Line(
                f"{name}, M = {points}", found.budgets,
                found.c.mean(axis=0).tolist(), found.c.std(axis=0).tolist(),
            )
        )  # fmt: skip
        matrix = affinity(normalised)
        for fmt, places in faces.scheme.sparse_formats.items():
            marks[f"{fmt} of {points}"] = (len(places), coverage(matrix, places))
    return curve_picture(
        lines, marks, f"ĉ(m): mean and deviation of {draws} draws of a tenth of the faces",
        "marks: existing formats on all faces",
    )  # fmt: skip

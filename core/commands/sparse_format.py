"""The m landmarks that say most about all others: exact search, with its proof."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.commands.console import Console
from core.errors import InputError

if TYPE_CHECKING:
    from core.correlation.face_sets import FaceSet
    from core.correlation.sparse_format import SparseFormat, Wishes
    from core.schemes import LandmarkScheme


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `sparse-format`."""
    parser.add_argument(
        "faces", nargs="+", metavar="SPEC|NPZ",
        help="faces as for `correlate`, or an affinity that command wrote",
    )  # fmt: skip
    budget = parser.add_mutually_exclusive_group(required=True)
    budget.add_argument("-m", type=int, metavar="M", help="how many landmarks to choose")
    budget.add_argument("--curve", action="store_true", help="the best c for every m")
    parser.add_argument("--include", default="", metavar="I,J", help="landmarks that must be in")
    parser.add_argument("--exclude", default="", metavar="I,J", help="landmarks that must be out")
    parser.add_argument(
        "--minimum", action="append", default=[], metavar="PART=N",
        help="at least N landmarks of a component (jaw=3); may be given several times",
    )  # fmt: skip
    parser.add_argument("--scheme", metavar="NAME", help="read the landmarks as this scheme")
    parser.add_argument("--complete-only", action="store_true", help="as for `correlate`")
    parser.add_argument("--normalisation", default="hullbox", metavar="HOW", help="as there")
    parser.add_argument(
        "--draws", type=int, metavar="D",
        help="search on D draws of --draw-faces faces: mean and variance, and c on the other faces",
    )  # fmt: skip
    parser.add_argument("--draw-faces", type=int, metavar="N", help="faces of a draw")
    parser.add_argument("--seed", type=int, default=0, help="of the draws (default: 0)")
    parser.add_argument(
        "--save-scheme", type=Path, metavar="JSON", help="write the chosen points as a scheme"
    )
    parser.add_argument("--plot", type=Path, metavar="PNG", help="write a picture of the curve")


def run(args: argparse.Namespace, console: Console) -> int:
    """Search one format or the whole curve."""
    _check(args)
    matrix, scheme, faces = _matrix(args, console)
    wishes = _wishes(args)
    if args.draws is not None:
        return _draws(args, faces, scheme, console)
    if args.curve:
        return _curve(args, matrix, scheme, wishes, console)
    from core.correlation.sparse_format import assignment, search

    found = search(matrix, args.m, scheme.mirror, wishes, scheme.components)
    record = _record(found) | {
        "scheme": scheme.name,
        "names": [scheme.point_names[point] for point in found.points],
        "assigned": assignment(matrix, found.points).tolist(),
        "formats": _existing(matrix, scheme),
    }
    if args.save_scheme is not None:
        _save(args.save_scheme, scheme, found)
        console.say(f"wrote {args.save_scheme}")
    console.result(record, _line(found))
    return 0


def _check(args: argparse.Namespace) -> None:
    if args.curve and args.save_scheme is not None:
        raise InputError("--save-scheme saves one format; say which with -m.")
    if args.plot is not None and not args.curve:
        raise InputError("--plot draws the curve; ask for it with --curve.")
    if (args.draws is None) != (args.draw_faces is None):
        raise InputError("--draws and --draw-faces belong together: how often, how many faces.")
    if args.draws is not None and (args.include or args.exclude or args.minimum):
        raise InputError("--draws judges formats without wishes; leave --include and so on out.")


def _matrix(
    args: argparse.Namespace, console: Console
) -> tuple[Any, LandmarkScheme, FaceSet | None]:
    from core.correlation.affinity import affinity_of
    from core.correlation.affinity_file import is_affinity_file, read_affinity
    from core.correlation.face_sets import read_faces, scheme_of

    path = Path(args.faces[0]).expanduser()
    if is_affinity_file(path):
        if len(args.faces) > 1:
            raise InputError(f"{path} is an affinity already; give it alone.")
        if args.draws is not None:
            raise InputError("--draws needs faces to draw from, not an affinity.")
        found = read_affinity(path)
        return found.matrix, scheme_of(found.scheme, found.num_points, path), None
    faces = read_faces(args.faces, args.scheme)
    if args.complete_only:
        faces = faces.complete()
    found = affinity_of(faces.landmarks, faces.scheme, args.normalisation, faces.truth)
    for note in found.notes(faces.scheme.point_names):
        console.say(note)
    return found.matrix, faces.scheme, faces


def _wishes(args: argparse.Namespace) -> Wishes:
    from core.correlation.sparse_format import Wishes

    minimum = {}
    for text in args.minimum:
        name, equals, count = text.partition("=")
        if not equals or not count.isdigit():
            raise InputError(f"--minimum {text}: write a component and a number, as in jaw=3.")
        minimum[name] = int(count)
    return Wishes(_points(args.include, "--include"), _points(args.exclude, "--exclude"), minimum)


def _points(text: str, option: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise InputError(f"{option} {text}: write landmark numbers as in 30,48,54.") from error


def _record(found: SparseFormat) -> dict[str, Any]:
    return {
        "m": found.m,
        "points": list(found.points),
        "c": found.c,
        "bound": found.bound,
        "proven": found.proven,
        "average": found.average,
        "nodes": found.nodes,
    }


def _existing(matrix: Any, scheme: LandmarkScheme) -> dict[str, dict[str, Any]]:
    """Existing formats on the same axes: m and c."""
    from core.correlation.sparse_format import coverage

    return {
        name: {"m": len(points), "c": coverage(matrix, points)}
        for name, points in scheme.sparse_formats.items()
    }


def _curve(
    args: argparse.Namespace,
    matrix: Any,
    scheme: LandmarkScheme,
    wishes: Wishes,
    console: Console,
) -> int:
    from core.correlation.sparse_format import curve

    found = curve(
        matrix, None, scheme.mirror, wishes, scheme.components,
        report=console.report, cancelled=console.cancelled,
    )  # fmt: skip
    existing = _existing(matrix, scheme)
    if args.plot is not None:
        from core.correlation.picture import Line, curve_picture, save_picture

        line = Line(scheme.title, [one.m for one in found], [one.c for one in found])
        marks = {name: (one["m"], one["c"]) for name, one in existing.items()}
        picture = curve_picture([line], marks, "Best c by number of landmarks", _told(args))
        save_picture(args.plot, picture)
        console.say(f"wrote {args.plot}")
    record = {
        "scheme": scheme.name,
        "curve": [_record(one) for one in found],
        "formats": existing,
    }
    console.result(record, "\n".join(_line(one) for one in found))
    return 0


def _draws(
    args: argparse.Namespace, faces: FaceSet | None, scheme: LandmarkScheme, console: Console
) -> int:
    from core.correlation.draws import draw_formats
    from core.correlation.normalise import Normalisation

    assert faces is not None
    normalise = Normalisation(args.normalisation, scheme.normalising_pair)
    budgets = range(1, scheme.num_points) if args.curve else [args.m]
    found = draw_formats(
        normalise(faces.landmarks, faces.truth), scheme, args.draw_faces, budgets, args.draws,
        args.seed, console.report, console.cancelled,
    )  # fmt: skip
    table = found.table()
    record = {
        "scheme": scheme.name, "draws": args.draws, "faces": found.faces, "others": found.others,
        "curve": [{k: None if v != v else v for k, v in row.items()} for row in table],
        "formats_on_others": {
            name: {"m": len(scheme.sparse_formats[name]), "c_mean": float(values.mean())}
            for name, values in found.existing.items()
            if found.others
        },
        "points": [[list(one.points) for one in row] for row in found.formats],
    }  # fmt: skip
    lines = [
        f"m {row['m']:>3}  ĉ {row['c_mean']:.4f} ± {row['c_variance'] ** 0.5:.4f}  on the other "
        f"{found.others} faces {row['others_mean']:.4f} ± {row['others_variance'] ** 0.5:.4f}"
        for row in table
    ]
    console.result(record, "\n".join(lines))
    return 0


def _save(path: Path, scheme: LandmarkScheme, found: SparseFormat) -> None:
    from core.correlation.format_scheme import format_document, save_format

    note = f"Chosen from {scheme.name} by affinity: c {found.c:.4f}, points {list(found.points)}."
    save_format(path, format_document(scheme, found.points, path.stem, note))


def _told(args: argparse.Namespace) -> str:
    """What was read, without folders."""
    names = ", ".join(Path(name.partition(":")[2] or name).name for name in args.faces)
    return f"{names} · {args.normalisation}"


def _line(found: SparseFormat) -> str:
    proof = "proven best" if found.proven else f"at most {found.bound:.4f} is possible"
    points = " ".join(str(point) for point in found.points)
    return f"m {found.m:>3}  c {found.c:.4f} ({proof})  {points}"

"""How landmarks hang together in a set of faces: affinity matrix, picture, comparison of two."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.commands.console import Console
from core.errors import InputError

if TYPE_CHECKING:
    from core.correlation.affinity import Affinity
    from core.schemes import LandmarkScheme


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `correlate`."""
    parser.add_argument(
        "faces", nargs="*", metavar="SPEC|PROJECT",
        help="a data set name:path[:split], a project NAME.lin (its annotated faces), or an .npz "
        "with `landmarks` (faces, points, 2) and perhaps `truth`; several are taken together",
    )  # fmt: skip
    parser.add_argument(
        "--compare", nargs=2, metavar=("A", "B"),
        help="A minus B: two of the above, or two .npz files of this command",
    )  # fmt: skip
    parser.add_argument(
        "--run", default="", metavar="RUN", dest="of_run",
        help="of a project: what this run says (`shown`: the shown one), not what people decided",
    )  # fmt: skip
    parser.add_argument(
        "--judged", action="store_true",
        help="with --run: only faces people decided on, in the frames of what they said",
    )  # fmt: skip
    parser.add_argument("--scheme", metavar="NAME", help="read the landmarks as this scheme")
    parser.add_argument(
        "--complete-only", action="store_true", help="only faces all of whose points are located"
    )
    parser.add_argument(
        "--normalisation", default="hullbox", metavar="HOW",
        help="hullbox (default), centroid_rms, interocular or procrustes",
    )  # fmt: skip
    parser.add_argument(
        "--bootstrap", type=int, metavar="N", help="also give 95 %% intervals from N draws"
    )
    parser.add_argument(
        "--directions", nargs=2, type=int, metavar=("I", "J"),
        help="also give the canonical directions of one pair of landmarks",
    )  # fmt: skip
    parser.add_argument(
        "-o", "--output", type=Path, metavar="NPZ", help="write `affinity` and `count`"
    )
    parser.add_argument("--plot", type=Path, metavar="PNG", help="write a picture of the matrix")


def run(args: argparse.Namespace, console: Console) -> int:
    """Correlate one set, or compare two."""
    _check(args)
    if args.compare is not None:
        return _compare(args, console)
    from core.correlation.affinity import affinity_of, canonical_directions
    from core.correlation.affinity_file import write_affinity
    from core.correlation.face_sets import read_faces
    from core.correlation.moments import Moments
    from core.correlation.normalise import Normalisation

    faces = read_faces(args.faces, args.scheme, args.of_run, args.judged)
    total = len(faces)
    if args.complete_only:
        faces = faces.complete()
    found = affinity_of(faces.landmarks, faces.scheme, args.normalisation, faces.truth)
    record = _record(found, faces.scheme) | {"faces_read": total}
    normalise = Normalisation(args.normalisation, faces.scheme.normalising_pair)
    if args.directions is not None:
        first, second = _pair(args.directions, found.num_points)
        sums = Moments.of(normalise(faces.landmarks, faces.truth))
        record["directions"] = _directions(canonical_directions(sums, first, second))
    if args.bootstrap is not None:
        normalised = normalise(faces.landmarks, faces.truth)
        record["bootstrap"] = _bootstrap(normalised, args, console)
    for note in found.notes(faces.scheme.point_names):
        console.say(note)
    if args.output is not None:
        write_affinity(args.output, found)
        console.say(f"wrote {args.output}")
    if args.plot is not None:
        _plot(args.plot, found.matrix, faces.scheme, "Landmark affinity", record, console)
    console.result(record, _as_text(record))
    return 0


def _check(args: argparse.Namespace) -> None:
    if args.compare is not None and args.faces:
        raise InputError("correlate --compare A B takes exactly the two it names.")
    if args.compare is None and not args.faces:
        raise InputError("correlate needs faces: a data set, a project or an .npz file.")
    if args.judged and not args.of_run:
        raise InputError("--judged is about a run; name it with --run.")
    if args.of_run and args.compare is not None:
        raise InputError("--compare takes files of this command; write the run's with -o first.")
    if args.compare is not None and (args.bootstrap or args.directions):
        raise InputError("--bootstrap and --directions are of one set of faces, not of two.")


def _pair(wanted: list[int], points: int) -> tuple[int, int]:
    for point in wanted:
        if not 0 <= point < points:
            raise InputError(f"--directions: there is no landmark {point} among {points}.")
    return wanted[0], wanted[1]


def _record(found: Affinity, scheme: LandmarkScheme) -> dict[str, Any]:
    from core.correlation.compare import component_table

    return {
        "scheme": scheme.name,
        "normalisation": found.normalisation,
        "faces": found.faces,
        "fewest_faces": int(found.count.min()),
        "mean": _rounded(found.mean),
        "components": _rounded(component_table(found.matrix, scheme)),
        "notes": found.notes(scheme.point_names),
    }


def _rounded(value: Any) -> Any:
    """Numbers to six places, NaN as null: JSON knows no NaN."""
    if isinstance(value, float):
        return round(value, 6) if value == value else None
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    return [_rounded(one) for one in value] if isinstance(value, list) else value


def _directions(found: Any) -> dict[str, Any]:
    return {
        "correlations": _rounded(found.correlations.tolist()),
        "first": _rounded(found.first.tolist()),
        "second": _rounded(found.second.tolist()),
    }


def _bootstrap(normalised: Any, args: argparse.Namespace, console: Console) -> dict[str, Any]:
    from core.correlation.bootstrap import bootstrap

    spread = bootstrap(
        normalised, args.bootstrap, report=console.report, cancelled=console.cancelled
    )
    width = spread.high - spread.low
    return {
        "draws": spread.draws,
        "level": spread.level,
        "mean_width": _rounded(float(width[width == width].mean())),
        "low": _rounded(spread.low.tolist()),
        "high": _rounded(spread.high.tolist()),
    }


def _compare(args: argparse.Namespace, console: Console) -> int:
    from core.correlation.affinity import mean_difference
    from core.correlation.compare import component_blocks, component_table, difference

    (one, scheme), (other, other_scheme) = (_affinity(name, args) for name in args.compare)
    if scheme.name != other_scheme.name:
        raise InputError(
            f"Affinities of {scheme.name} and {other_scheme.name} cannot be compared; choose one "
            "with --scheme."
        )
    matrix = difference(one, other)
    blocks = component_blocks(matrix, scheme)
    record = {
        "scheme": scheme.name,
        "normalisation": one.normalisation,
        "faces": [one.faces, other.faces],
        "mean": [_rounded(one.mean), _rounded(other.mean)],
        "mean_difference": _rounded(mean_difference(one.matrix, other.matrix)),
        "components": _rounded(component_table(matrix, scheme)),
        "blocks": _rounded([vars(block) for block in blocks]),
    }
    if args.output is not None:
        _write_difference(args.output, matrix, one, other)
        console.say(f"wrote {args.output}")
    if args.plot is not None:
        _plot(args.plot, matrix, scheme, "Difference of affinities", record, console, True)
    console.result(record, _as_text(record))
    return 0


def _write_difference(path: Path, matrix: Any, one: Affinity, other: Affinity) -> None:
    from dataclasses import replace

    import numpy as np

    from core.correlation.affinity_file import write_affinity

    count = np.minimum(one.count, other.count)
    write_affinity(path, replace(one, matrix=matrix, count=count, faces=int(count.max())))


def _affinity(name: str, args: argparse.Namespace) -> tuple[Affinity, LandmarkScheme]:
    """What one side of a comparison names: faces, or an affinity that is there already."""
    from core.correlation.affinity import affinity_of
    from core.correlation.affinity_file import is_affinity_file, read_affinity
    from core.correlation.face_sets import read_faces, scheme_of

    path = Path(name).expanduser()
    if is_affinity_file(path):
        found = read_affinity(path)
        return found, scheme_of(found.scheme, found.num_points, path)
    faces = read_faces([name], args.scheme)
    if args.complete_only:
        faces = faces.complete()
    return affinity_of(faces.landmarks, faces.scheme, args.normalisation, faces.truth), faces.scheme


def _plot(
    path: Path,
    matrix: Any,
    scheme: LandmarkScheme,
    title: str,
    record: dict[str, Any],
    console: Console,
    diverging: bool = False,
) -> None:
    from core.correlation.picture import heat_map, save_picture

    faces = record["faces"] if isinstance(record["faces"], list) else [record["faces"]]
    words = f"{scheme.title} · {' − '.join(str(n) for n in faces)} faces · "
    subtitle = f"{words}{record['normalisation']}"
    spread = None if diverging else (0.0, 1.0)
    save_picture(path, heat_map(matrix, scheme, title, subtitle, diverging, spread))
    console.say(f"wrote {path}")


def _as_text(record: dict[str, Any]) -> str:
    """The record as lines for people."""
    if "mean_difference" in record:
        head = f"mean |ΔA| {record['mean_difference']:.4f}"
    else:
        head = f"{record['faces']} faces, mean affinity {record['mean']}"
    lines = [f"{record['scheme']}, {record['normalisation']}: {head}"]
    lines += [
        f"  {row['component']:<12} within {_shown(row['within'])}  to others "
        f"{_shown(row['to_others'])}"
        for row in record["components"]
    ]
    if "directions" in record:
        first, second = record["directions"]["correlations"]
        lines.append(f"  canonical correlations {first:.4f} and {second:.4f}")
    return "\n".join(lines)


def _shown(value: float | None) -> str:
    return "     –" if value is None else f"{value:+.3f}"

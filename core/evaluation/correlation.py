"""What the affinity of real faces shows, in numbers that could have come out otherwise.

[Yan20] 5.3.2 draws four conclusions from two matrices by eye: points of one component hang together
(the jaw less), some of one component do not (upper and lower lip), some of two components do (brow
and eye, outer and inner lip), and two sets of faces look the same. Each is a number with a bar
here. Beside them formats chosen on a draw of n faces are judged on the faces they were not chosen
from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.correlation.affinity import affinity, mean_difference
from core.correlation.draws import draw_formats
from core.correlation.face_sets import FaceSet
from core.correlation.normalise import hullbox_normalised
from core.errors import InputError
from core.progress import Cancelled, Report, ignore, never
from core.schemes import LandmarkScheme, load_landmark_scheme

Floats = NDArray[np.float64]

LIFT = 0.2
"""Bar: components' own means lie so far above the mean of all pairs."""
TOGETHER = 0.75
"""Bar: mean between brow and eye of a side, and between outer and inner lip."""
NOISE = 3.0
"""Bar: two sets differ by at most so many times what halves of one set differ by."""
_HALVES = 20


@dataclass(frozen=True)
class Observations:
    """The first three observations on one set; affinities with `hullbox`."""

    name: str
    scheme: str
    faces: int
    mean: float
    """Of all pairs of different points."""
    within: dict[str, float]
    """Means of the components' own pairs; the jaw is no part of the bar."""
    lift: float
    """The lowest of brows, nose, eyes and lips minus `mean` (bar `LIFT`)."""
    lips_middle: float
    """Affinity of the middle of the upper and of the lower inner lip (62 and 66 of 68)."""
    inner_lip: float
    """Mean of the inner lip: the bar for `lips_middle`."""
    brow_eye: float
    """The lower of the two sides' means (bar `TOGETHER`)."""
    outer_inner_lip: float
    """(bar `TOGETHER`)."""
    holds: bool
    """Whether all of it does."""


def observe(name: str, faces: FaceSet) -> Observations:
    """The observations on complete faces of a scheme with jaw, brows, eyes, nose and lips.

    Raises:
        InputError: If the scheme lacks one of these.
    """
    scheme = faces.scheme
    matrix = affinity(hullbox_normalised(faces.landmarks))
    off = matrix[~np.eye(len(matrix), dtype=bool)]
    parts = ("jaw", "right_brow", "left_brow", "nose", "right_eye", "left_eye", "outer_lip",
             "inner_lip")  # fmt: skip
    if not set(parts) <= set(scheme.components):
        raise InputError(f"{scheme.name} does not tell {', '.join(parts)} apart.")
    within = {part: _mean(matrix, scheme, part, part) for part in parts}
    mean = float(off.mean())
    lift = min(value for part, value in within.items() if part != "jaw") - mean
    upper, lower = (scheme.point_names.index(f"lip_inner_{side}") for side in ("upper", "lower"))
    sides = [_mean(matrix, scheme, f"{s}_brow", f"{s}_eye") for s in ("right", "left")]
    lips = _mean(matrix, scheme, "outer_lip", "inner_lip")
    middle = float(matrix[upper, lower])
    return Observations(
        name, scheme.name, len(faces), mean, within, lift, middle, within["inner_lip"],
        min(sides), lips,
        lift >= LIFT
        and middle < within["inner_lip"]
        and min(*sides, lips) >= TOGETHER,
    )  # fmt: skip


def _mean(matrix: Floats, scheme: LandmarkScheme, first: str, second: str) -> float:
    one, other = (np.array(scheme.components[part]) for part in (first, second))
    cells = matrix[np.ix_(one, other)]
    return float(cells[one[:, None] != other[None]].mean())


@dataclass(frozen=True)
class SetDifference:
    """The fourth observation: how far two sets lie apart, beside halves of one set."""

    first: str
    second: str
    difference: float
    """Mean |ΔA| of the two whole sets."""
    faces: int
    """Of each sample below."""
    apart: float
    """Mean |ΔA| between so many faces of one and of the other set, over draws."""
    noise: float
    """The same between two halves of one set, the mean of both sets."""
    ratio: float
    """apart / noise (bar `NOISE`)."""
    holds: bool


def compare_sets(first: tuple[str, Floats], second: tuple[str, Floats]) -> SetDifference:
    """Compare complete faces of two sets, (N, M, 2) each, on samples of one size.

    Noise falls with the number of faces, so both comparisons take as many: half the smaller set.
    """
    one, other = hullbox_normalised(first[1]), hullbox_normalised(second[1])
    faces = min(len(one), len(other)) // 2
    rng = np.random.default_rng(0)
    apart, noise = [], []
    for _ in range(_HALVES):
        a, b = (xy[rng.permutation(len(xy))[: 2 * faces]] for xy in (one, other))
        a1, a2, b1, b2 = (affinity(xy) for xy in (a[:faces], a[faces:], b[:faces], b[faces:]))
        apart.append(mean_difference(a1, b1))
        noise += [mean_difference(a1, a2), mean_difference(b1, b2)]
    ratio = float(np.mean(apart) / np.mean(noise))
    return SetDifference(
        first[0], second[0], mean_difference(affinity(one), affinity(other)), faces,
        float(np.mean(apart)), float(np.mean(noise)), ratio, ratio <= NOISE,
    )  # fmt: skip


def judge_formats(
    name: str,
    faces: FaceSet,
    budgets: Sequence[int],
    shares: Sequence[float],
    draws: int = 10,
    report: Report = ignore,
    cancelled: Cancelled = never,
) -> list[dict[str, Any]]:
    """Formats searched on draws of a share of the faces, scored on the others.

    Args:
        name: Of the set.
        faces: Complete faces.
        budgets: Values of m.
        shares: n / N.
        draws: Draws of each share.
        report: Told draw by draw.
        cancelled: Asked draw by draw.

    Returns:
        A record for every share and budget: ĉ where it was searched, c on the other faces (mean
        and deviation over draws), and beside it each existing format of as many points.
    """
    normalised = hullbox_normalised(faces.landmarks)
    rows = []
    for share in shares:
        count = max(20, round(share * len(faces)))
        found = draw_formats(normalised, faces.scheme, count, budgets, draws, 0, report, cancelled)
        for k, row in enumerate(found.table()):
            m = found.budgets[k]
            rows.append(
                {
                    "set": name, "M": faces.scheme.num_points, "m": m, "n": count,
                    "others": found.others, "draws": draws,
                    "searched_here": row["c_mean"], "searched_here_sd": row["c_variance"] ** 0.5,
                    "searched": row["others_mean"], "searched_sd": row["others_variance"] ** 0.5,
                    "proven": all(one[k].proven for one in found.formats),
                    "existing": {
                        fmt: _beside(found.on_others[:, k], scores)
                        for fmt, scores in found.existing.items()
                        if len(faces.scheme.sparse_formats[fmt]) == m
                    },
                }
            )  # fmt: skip
    return rows


def _beside(searched: Floats, existing: Floats) -> dict[str, Any]:
    """An existing format on the same other faces."""
    return {
        "c": float(existing.mean()),
        "sd": float(existing.std()),
        "draws_won": int((searched > existing).sum()),
        "least_margin": float((searched - existing).min()),
    }


def study(
    sets: Sequence[tuple[str, FaceSet]],
    draws: int = 10,
    report: Report = ignore,
    cancelled: Cancelled = never,
) -> dict[str, Any]:
    """Everything, on complete faces of 68 or 98 points.

    Args:
        sets: Names and faces; sets of 98 points are also read as 68 to be compared.
        draws: Draws of every share of the faces.
        report: Told draw by draw.
        cancelled: Asked draw by draw.

    Raises:
        InputError: If a set has too few complete faces or another scheme.
    """
    for name, faces in sets:
        if faces.scheme.name not in ("ibug68", "wflw98") or len(faces) < 80:
            raise InputError(
                f"{name}: {len(faces)} complete faces of {faces.scheme.name}; the study takes at "
                "least 80 of ibug68 or wflw98."
            )
    ibug, inner = load_landmark_scheme("ibug68"), load_landmark_scheme("inner41")
    as_68 = [
        (name, np.asarray(faces.scheme.convert(faces.landmarks, ibug), np.float64))
        for name, faces in sets
    ]
    formats: list[dict[str, Any]] = []
    shares = (0.05, 0.1, 0.25)
    for name, faces in sets:
        budgets = (19,) if faces.scheme.name == "ibug68" else (19, 29)
        formats += judge_formats(name, faces, budgets, shares, draws, report, cancelled)
    for name, faces in sets:
        landmarks = np.asarray(faces.scheme.convert(faces.landmarks, inner), np.float64)
        formats += judge_formats(
            name, FaceSet(landmarks, inner), (5, 10), shares, draws, report, cancelled
        )
    return {
        "sets": [asdict(observe(name, faces)) for name, faces in sets],
        "pairs": [
            asdict(compare_sets(as_68[i], as_68[j]))
            for i in range(len(sets))
            for j in range(i + 1, len(sets))
        ],
        "formats": formats,
    }

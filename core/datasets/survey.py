"""What a data set holds, counted: faces, people, points off their pictures, labels that fail."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from core.datasets.label_maps import picture_hw
from core.datasets.sample import Sample
from core.datasets.splits import SPLITS, split_names, subject_of
from core.errors import InputError
from core.progress import Cancelled, Progress, Report, check, ignore, never

SHOWN_PROBLEMS = 5


@dataclass
class Survey:
    """Counts over all samples."""

    samples: int = 0
    pictures: int = 0
    """Samples with a picture."""
    subjects: int = 0
    splits: dict[str, int] = field(default_factory=dict)
    """Samples by split."""
    schemes: dict[str, int] = field(default_factory=dict)
    """Samples by landmark scheme."""
    mask_schemes: dict[str, int] = field(default_factory=dict)
    points: int = 0
    missing: int = 0
    """Points not located."""
    hidden: int = 0
    """Points annotated as hidden by something."""
    outside: int = 0
    """Points outside their picture; they are kept."""
    problems: int = 0
    """Samples whose picture or labels cannot be used."""
    first_problems: list[str] = field(default_factory=list)

    def record(self) -> dict[str, Any]:
        """As one JSON object."""
        return dict(vars(self))


def survey(
    samples: Sequence[Sample],
    labels: bool = False,
    report: Report = ignore,
    cancelled: Cancelled = never,
) -> Survey:
    """Count a data set.

    Args:
        samples: All of it.
        labels: Also read every label map, to check sizes and values.
        report: Told sample by sample.
        cancelled: Asked sample by sample.

    Raises:
        JobCancelled: If asked to stop.
    """
    found = Survey(samples=len(samples), subjects=len({subject_of(s) for s in samples}))
    splits = Counter(split_names(samples))
    found.splits = {name: splits[name] for name in SPLITS}
    found.schemes = dict(Counter(s.scheme for s in samples if s.scheme is not None))
    found.mask_schemes = dict(Counter(s.mask_scheme for s in samples if s.mask_scheme is not None))
    for number, sample in enumerate(samples, 1):
        check(cancelled)
        try:
            _count(found, sample)
            if labels and sample.labels is not None:
                sample.labels()
        except InputError as error:
            found.problems += 1
            if len(found.first_problems) < SHOWN_PROBLEMS:
                found.first_problems.append(str(error))
        report(Progress("check samples", number, len(samples)))
    return found


def _count(found: Survey, sample: Sample) -> None:
    """Add one sample's points."""
    found.pictures += sample.image is not None
    if sample.landmarks is None:
        return
    known = np.asarray(np.isfinite(sample.landmarks).all(axis=1))
    found.points += len(sample.landmarks)
    found.missing += int((~known).sum())
    if sample.visible is not None:
        found.hidden += int((known & ~sample.visible).sum())
    if sample.image is not None:
        height, width = _hw(sample)
        low, high = (-0.5, -0.5), (width - 0.5, height - 0.5)
        xy = sample.landmarks[known]
        found.outside += int(((xy < low) | (xy > high)).any(axis=1).sum())


def _hw(sample: Sample) -> tuple[int, int]:
    """Height and width of its picture; a file's header is enough."""
    if isinstance(sample.image, Path):
        return picture_hw(sample.image)
    height, width = sample.rgb().shape[:2]
    return height, width

"""Splits by subject: the data set's own, a seeded share, or those written to a file.

A split file is JSON: the seed and, for each split, its subjects. It makes a split the same for
everybody, whatever a later version of a data set adds or this program changes.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path

from core.datasets.sample import Sample
from core.errors import InputError, ResourceError

SPLITS = {"train": (0.0, 0.8), "validation": (0.8, 0.9), "test": (0.9, 1.0)}
"""Shares of the subjects where a data set has no split of its own."""
TRAINING_KEPT = 0.9
"""Share of an official training set that stays one where no validation set is named."""
FORMAT_VERSION = 1


def split_of(samples: Sequence[Sample], split: str, seed: int = 0) -> list[Sample]:
    """The samples of a split; the same ones on every machine.

    The data set's own split where it has one (a tenth of the training subjects is the validation
    set where it names none), else a seeded share of the subjects.
    """
    names = split_names(samples, seed)
    return [s for s, name in zip(samples, names, strict=True) if name == split]


def split_names(samples: Sequence[Sample], seed: int = 0) -> list[str]:
    """The split of each sample; empty where the data set's own leaves it out."""
    official = {s.split for s in samples} - {""}
    return [_name(sample, official, seed) for sample in samples]


def _name(sample: Sample, official: set[str], seed: int) -> str:
    place = _place(subject_of(sample), seed)
    if not official:
        return next(name for name, (low, high) in SPLITS.items() if low <= place < high)
    if sample.split == "train" and "validation" not in official and place >= TRAINING_KEPT:
        return "validation"
    return sample.split


def subject_of(sample: Sample) -> str:
    """Who it is; a sample of nobody known is a subject of its own."""
    return sample.subject or sample.name


def _place(subject: str, seed: int) -> float:
    digest = hashlib.sha256(f"{seed}/{subject}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def write_splits(file: Path, samples: Sequence[Sample], seed: int = 0) -> dict[str, int]:
    """Draw the splits and write them to a file.

    Returns:
        Subjects by split.

    Raises:
        InputError: If a subject would be in two splits (the data set's own split does that).
        ResourceError: If the file cannot be written.
    """
    where: dict[str, str] = {}
    for sample, name in zip(samples, split_names(samples, seed), strict=True):
        if name and where.setdefault(subject_of(sample), name) != name:
            raise InputError(
                f"{subject_of(sample)}: in two splits of its data set, which cannot be written by "
                "subject; use the data set's own split without a file."
            )
    record: dict[str, object] = {"format_version": FORMAT_VERSION, "seed": seed}
    subjects = {s: sorted(w for w, name in where.items() if name == s) for s in SPLITS}
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        part.write_text(json.dumps(record | subjects, indent=1) + "\n", encoding="utf-8")
        part.replace(file)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise ResourceError(f"{file}: cannot be written ({error.strerror or error}).") from error
    return {split: len(names) for split, names in subjects.items()}


def written_split(samples: Sequence[Sample], split: str, file: Path) -> list[Sample]:
    """The samples whose subject a split file puts into a split.

    Raises:
        InputError: If the file cannot be read or none of its subjects is here.
    """
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
        subjects = {str(subject) for subject in record[split]}
        version = int(record["format_version"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{file}: not a readable split file ({error!r}).") from error
    if version > FORMAT_VERSION:
        raise InputError(f"{file}: written by a newer program; update this one.")
    found = [s for s in samples if subject_of(s) in subjects]
    if subjects and not found:
        raise InputError(f"{file}: none of its {split} subjects is in this data set.")
    return found

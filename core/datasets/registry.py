"""Data sets by name: `SPEC` = `name:path[:split]`, split at the first `:`.

A split is a share of the subjects, seeded: `train` 80 %, `validation` 10 %, `test` 10 %. Without
one the whole data set is meant.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.datasets import (
    coco,
    dlib_xml,
    fasseg,
    hrnet_csv,
    merl_rav,
    pairs,
    project,
    pts,
    synthetic,
    w300vw,
    wflw,
)
from core.datasets.sample import Sample
from core.errors import InputError

READERS: dict[str, Callable[[Path], list[Sample]]] = {
    "pts": pts.read_folder,
    "merl-rav": merl_rav.read_folder,
    "dlib": dlib_xml.read_file,
    "coco": coco.read_file,
    "fasseg": fasseg.read_folder,
    "pairs": pairs.read_folder,
    "project": project.read_folder,
    "synthetic": synthetic.read_folder,
    "300vw": w300vw.read_folder,
    "wflw": wflw.read_file,
    "hrnet-csv": hrnet_csv.read_file,
}
SPLITS = {"train": (0.0, 0.8), "validation": (0.8, 0.9), "test": (0.9, 1.0)}


@dataclass(frozen=True)
class Spec:
    """A parsed SPEC."""

    reader: str
    path: Path
    split: str | None

    @classmethod
    def parse(cls, text: str) -> Spec:
        """Read `name:path[:split]`.

        Raises:
            InputError: If the name or the split is unknown, or the path is missing.
        """
        reader, colon, rest = text.partition(":")
        if reader not in READERS:
            raise InputError(
                f"{text}: unknown data set {reader!r}; known are {', '.join(READERS)} "
                "(written name:path)."
            )
        head, _, tail = rest.rpartition(":")
        path, split = (head, tail) if tail in SPLITS else (rest, None)
        if not colon or not path:
            raise InputError(
                f"{text}: a data set is written name:path, for example dlib:faces.xml."
            )
        return cls(reader, Path(path).expanduser(), split)


def read_samples(text: str) -> list[Sample]:
    """The samples a SPEC names.

    Raises:
        InputError: If the SPEC, the folder or a file in it cannot be used.
    """
    spec = Spec.parse(text)
    if not spec.path.exists():
        raise InputError(f"{spec.path}: there is no such file or folder.")
    samples = READERS[spec.reader](spec.path)
    return samples if spec.split is None else split_of(samples, spec.split)


def split_of(samples: Sequence[Sample], split: str, seed: int = 0) -> list[Sample]:
    """The samples whose subject falls into a split; the same subjects on every machine."""
    low, high = SPLITS[split]
    return [s for s in samples if low <= _place(s.subject or s.name, seed) < high]


def _place(subject: str, seed: int) -> float:
    digest = hashlib.sha256(f"{seed}/{subject}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64

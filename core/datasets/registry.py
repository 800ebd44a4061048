"""Data sets by name: `SPEC` = `name:path[:split]`, split at the first `:`.

A split is the data set's own where it has one, else a share of the subjects, seeded: `train` 80 %,
`validation` 10 %, `test` 10 %. Without one the whole data set is meant.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.datasets import (
    aflw,
    celebamask,
    coco,
    cofw,
    dlib_xml,
    fasseg,
    helen,
    hrnet_csv,
    landmark_lists,
    lfw_parts,
    merl_rav,
    pairs,
    parsing_folders,
    project,
    pts,
    synthetic,
    w300vw,
    wflw,
)
from core.datasets.point_checks import refuse_reversed
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
    "project-edited": project.read_edited,
    "synthetic": synthetic.read_folder,
    "300vw": w300vw.read_folder,
    "wflw": wflw.read_file,
    "hrnet-csv": hrnet_csv.read_file,
    "cofw": cofw.read_folder,
    "cofw68": cofw.read_68,
    "aflw": aflw.read_folder,
    "helen": helen.read_folder,
    "lfw-parts": lfw_parts.read_folder,
    "lapa": parsing_folders.read_lapa,
    "celebamask": celebamask.read_folder,
    "figaro": parsing_folders.read_figaro,
    "skin-clothes-hair": parsing_folders.read_skin_clothes_hair,
    "stld": landmark_lists.read_stld,
    "youtube-faces": landmark_lists.read_youtube_faces,
}
OWN = ("project", "project-edited", "synthetic")
"""Made by this program: what a person approved or what was rendered is not questioned."""
SPLITS = {"train": (0.0, 0.8), "validation": (0.8, 0.9), "test": (0.9, 1.0)}

TRAINING_KEPT = 0.9
"""Share of an official training set that stays one where no validation set is named."""


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
    if spec.reader not in OWN:
        refuse_reversed(samples, spec.path)
    return samples if spec.split is None else split_of(samples, spec.split)


def split_of(samples: Sequence[Sample], split: str, seed: int = 0) -> list[Sample]:
    """The samples of a split; the same ones on every machine.

    The data set's own split where it has one (a tenth of the training subjects is the validation
    set where it names none), else a seeded share of the subjects.
    """
    official = {s.split for s in samples} - {""}
    return [s for s in samples if _split(s, official, seed) == split]


def _split(sample: Sample, official: set[str], seed: int) -> str:
    place = _place(sample.subject or sample.name, seed)
    if not official:
        return next(name for name, (low, high) in SPLITS.items() if low <= place < high)
    if sample.split == "train" and "validation" not in official and place >= TRAINING_KEPT:
        return "validation"
    return sample.split


def _place(subject: str, seed: int) -> float:
    digest = hashlib.sha256(f"{seed}/{subject}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64

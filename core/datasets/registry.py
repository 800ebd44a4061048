"""Data sets by name: `SPEC` = `name:path[:split[@FILE]]`, split at the first `:`.

A split is the data set's own where it has one, else a share of the subjects, seeded: `train` 80 %,
`validation` 10 %, `test` 10 %; with a FILE it is the one written there (`lineament data
--write-splits`). Without one the whole data set is meant.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.datasets import (
    aflw,
    celebamask,
    coco,
    cofw,
    dlib_xml,
    fasseg,
    held_out,
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
from core.datasets.splits import SPLITS, split_of, written_split
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
    "project-points": project.read_points,
    "synthetic": synthetic.read_folder,
    "held-out": held_out.read_folder,
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
OWN = ("project", "project-edited", "project-points", "synthetic", "held-out")
"""Made by this program: what a person approved or what was rendered is not questioned."""
_SPLIT = re.compile(rf"(.*):({'|'.join(SPLITS)})(?:@(.+))?")


@dataclass(frozen=True)
class Spec:
    """A parsed SPEC."""

    reader: str
    path: Path
    split: str | None
    split_file: Path | None = None

    @classmethod
    def parse(cls, text: str) -> Spec:
        """Read `name:path[:split[@FILE]]`.

        Raises:
            InputError: If the name or the split is unknown, or the path is missing.
        """
        reader, colon, rest = text.partition(":")
        if reader not in READERS:
            raise InputError(
                f"{text}: unknown data set {reader!r}; known are {', '.join(READERS)} "
                "(written name:path)."
            )
        found = _SPLIT.fullmatch(rest)
        path, split, file = found.groups() if found else (rest, None, None)
        if not colon or not path:
            raise InputError(
                f"{text}: a data set is written name:path, for example dlib:faces.xml."
            )
        named = None if file is None else Path(file).expanduser()
        return cls(reader, Path(path).expanduser(), split, named)


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
    if spec.split is None:
        return samples
    if spec.split_file is not None:
        return written_split(samples, spec.split, spec.split_file)
    return split_of(samples, spec.split)

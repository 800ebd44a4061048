"""`held-out:JOB` — the faces a training job kept to judge by and never learnt from, as samples.

The job notes them in its folder (`held-out.json`) before its first step. They are not found anew
from the recipe: a project that was annotated further since would be dealt in another way, and faces
the net has learnt from would be among those it is judged by.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from core.datasets import synthetic
from core.datasets.sample import Sample
from core.errors import InputError

FILE = "held-out.json"


def note_held_out(job: Path, cache: Path, rows: Iterable[int]) -> None:
    """Write down which faces of which cache a job keeps.

    Args:
        job: Its folder.
        cache: Folder of the face cache they are in.
        rows: Their numbers there.
    """
    record = {"cache": str(cache.absolute()), "rows": [int(row) for row in rows]}
    part = job / f".{FILE}.part"
    part.write_text(json.dumps(record), encoding="utf-8")
    part.replace(job / FILE)


def read_folder(path: Path) -> list[Sample]:
    """The faces a job kept.

    Raises:
        InputError: If it kept none, or their cache is gone.
    """
    try:
        record = json.loads((path / FILE).read_text(encoding="utf-8"))
        cache, rows = Path(record["cache"]), [int(row) for row in record["rows"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{path}: this training job has not noted which faces it held out ({FILE}); name a "
            "data set instead."
        ) from error
    if not rows:
        raise InputError(f"{path}: this training job held no faces out; name a data set instead.")
    faces = synthetic.read_folder(cache)
    if not all(0 <= row < len(faces) for row in rows):
        raise InputError(f"{cache}: holds other faces than when {path.name} was trained.")
    return [faces[row] for row in rows]

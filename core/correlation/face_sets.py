"""Sets of faces to correlate: data sets, arrays on disk, projects and their runs.

What a command names as `SPEC|PROJECT|NPZ`: a data set (`name:path[:split]`), the annotated faces of
a project (`NAME.lin`), or an `.npz` with `landmarks` (N, M, 2) and optionally `scheme` and `truth`
(N, M, 2), whose frames then count.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.datasets.registry import read_samples
from core.errors import InputError
from core.schemes import LandmarkScheme, load_landmark_scheme

if TYPE_CHECKING:
    from core.annotations.project import Project
    from core.annotations.records import Clip

Floats = NDArray[np.float64]

PROJECT_SUFFIX = ".lin"


@dataclass(frozen=True, eq=False)
class FaceSet:
    """Faces of one scheme, in pixels."""

    landmarks: Floats
    """(N, M, 2), NaN = missing."""
    scheme: LandmarkScheme
    truth: Floats | None = None
    """(N, M, 2) where the landmarks are predictions that answer it."""

    def __len__(self) -> int:
        return len(self.landmarks)

    def complete(self) -> FaceSet:
        """The faces all of whose points are located (and all of their truth's)."""
        whole = np.isfinite(self.landmarks).all(axis=(1, 2))
        if self.truth is not None:
            whole &= np.isfinite(self.truth).all(axis=(1, 2))
        truth = None if self.truth is None else self.truth[whole]
        return FaceSet(self.landmarks[whole], self.scheme, truth)


def read_faces(
    names: Sequence[str], scheme: str | None = None, run: str = "", judged: bool = False
) -> FaceSet:
    """All faces that are named, in one scheme.

    Args:
        names: Data sets, projects or `.npz` files; their faces are taken together.
        scheme: Convert to this one; default: the faces' own, which must then be one.
        run: Of projects not what people decided but what this run says ("shown": the shown one).
        judged: Of that run only the faces people decided on, with what they said as truth.

    Raises:
        InputError: If something cannot be read, schemes are mixed or truth is there for some only.
    """
    target = None if scheme is None else load_landmark_scheme(scheme)
    sets = [_converted(found, target) for name in names for found in _read(name, run, judged)]
    kinds = sorted({found.scheme.name for found in sets})
    if not sets:
        raise InputError(f"{', '.join(names)}: no face with landmarks there.")
    if len(kinds) > 1:
        raise InputError(
            f"Faces of the schemes {' and '.join(kinds)} cannot be correlated together; choose one "
            "with --scheme."
        )
    truths = [found.truth for found in sets if found.truth is not None]
    if truths and len(truths) < len(sets):
        raise InputError("Predictions with their truth and faces without one cannot be mixed.")
    landmarks = np.concatenate([found.landmarks for found in sets])
    return FaceSet(landmarks, sets[0].scheme, np.concatenate(truths) if truths else None)


def _read(name: str, run: str, judged: bool) -> list[FaceSet]:
    path = Path(name).expanduser()
    if path.suffix == PROJECT_SUFFIX and run:
        return _from_run(path, run, judged)
    if path.suffix == PROJECT_SUFFIX:
        return _from_samples(f"project-edited:{path}")
    if path.suffix == ".npz":
        return [_from_arrays(path)]
    return _from_samples(name)


def _from_samples(spec: str) -> list[FaceSet]:
    """The faces of a data set, one set a scheme."""
    by_scheme: dict[str, list[NDArray[np.float32]]] = {}
    for sample in read_samples(spec):
        if sample.scheme is not None and sample.landmarks is not None:
            by_scheme.setdefault(sample.scheme, []).append(sample.landmarks)
    return [
        FaceSet(np.stack(faces).astype(np.float64), load_landmark_scheme(name))
        for name, faces in by_scheme.items()
    ]


def _from_run(path: Path, run: str, judged: bool) -> list[FaceSet]:
    """What a run of any clip of a project says, one set a scheme."""
    from core.annotations.project import Project

    found: dict[str, list[tuple[Floats, Floats | None]]] = {}
    with Project.open(path, read_only=True) as project:
        for clip in project.clips():
            known = {header.run_id: header for header in project.runs(clip.clip_id)}
            run_id = project.active_run(clip.clip_id) if run == "shown" else run
            header = known.get(run_id or "")
            if header is not None and header.landmark_scheme is not None:
                faces = found.setdefault(header.landmark_scheme, [])
                faces += _faces_of_run(project, clip, header.run_id, judged)
    sets = []
    for name, faces in found.items():
        if faces:
            truths = [truth for _, truth in faces if truth is not None]
            landmarks = np.stack([xy for xy, _ in faces])
            truth = np.stack(truths) if judged else None
            sets.append(FaceSet(landmarks, load_landmark_scheme(name), truth))
    if not sets:
        words = "no face that people decided on" if judged else "no face with landmarks"
        raise InputError(f"{path}: the run {run} has {words}; see the runs dock for its name.")
    return sets


def _faces_of_run(
    project: Project, clip: Clip, run_id: str, judged: bool
) -> Iterator[tuple[Floats, Floats | None]]:
    """Landmarks and, where people's say is wanted, theirs."""
    from core.annotations.records import ReviewState

    other = project.other_run(clip.clip_id, run_id)
    try:
        if not judged:
            for track in sorted(other.tracks):
                column = other.column(track, "landmarks", 0, clip.frames).astype(np.float64)
                yield from ((xy, None) for xy in column[np.isfinite(column).any(axis=(1, 2))])
            return
        for frame in project.annotated_frames(clip.clip_id).tolist():
            said = {face.track_id: face.landmarks for face in other.frame(frame, masks=False)}
            for face in project.shown(clip.clip_id, frame, masks=False):
                xy, decided = said.get(face.track_id), face.review >= ReviewState.EDITED
                if xy is not None and decided and face.landmarks is not None:
                    if face.landmarks.shape == xy.shape:
                        yield xy.astype(np.float64), face.landmarks.astype(np.float64)
    finally:
        other.close()


def _from_arrays(path: Path) -> FaceSet:
    found = read_arrays(path, ("landmarks", "truth", "scheme"))
    if "landmarks" not in found:
        raise InputError(f"{path}: holds no array `landmarks`; an affinity is no set of faces.")
    landmarks = found["landmarks"]
    if landmarks.ndim != 3 or landmarks.shape[2] != 2 or landmarks.dtype.kind != "f":
        raise InputError(
            f"{path}: `landmarks` is {landmarks.shape}, not (faces, points, 2) floats."
        )
    scheme = scheme_of(str(found["scheme"]) if "scheme" in found else "", landmarks.shape[1], path)
    truth = found.get("truth")
    if truth is not None and truth.shape != landmarks.shape:
        raise InputError(f"{path}: `truth` is {truth.shape}, `landmarks` {landmarks.shape}.")
    return FaceSet(
        landmarks.astype(np.float64), scheme, None if truth is None else truth.astype(np.float64)
    )


def read_arrays(path: Path, names: Iterable[str]) -> dict[str, NDArray]:
    """Those of the named arrays that an `.npz` has.

    Raises:
        InputError: If it cannot be read.
    """
    try:
        with path.open("rb") as stream, np.load(stream) as archive:
            return {name: archive[name] for name in names if name in archive}
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile) as error:
        raise InputError(f"{path}: not a readable .npz file ({error}).") from error


def scheme_of(name: str, points: int, where: Path) -> LandmarkScheme:
    """The scheme of an array: by its name, else the usual one of so many points.

    Raises:
        InputError: If there is none or it has another number of points.
    """
    usual = {68: "ibug68", 98: "wflw98", 41: "inner41", 29: "cofw29", 19: "aflw19", 5: "points5"}
    if not name and points not in usual:
        raise InputError(f"{where}: {points} points belong to no known scheme; add `scheme`.")
    scheme = load_landmark_scheme(name or usual[points])
    if scheme.num_points != points:
        raise InputError(f"{where}: {points} points, but {scheme.name} has {scheme.num_points}.")
    return scheme


def _converted(faces: FaceSet, target: LandmarkScheme | None) -> FaceSet:
    if target is None or target.name == faces.scheme.name:
        return faces
    if (faces.scheme.map_to(target) < 0).all():
        raise InputError(f"{faces.scheme.name} has no point of {target.name}.")
    truth = None
    if faces.truth is not None:
        truth = np.asarray(faces.scheme.convert(faces.truth, target), np.float64)
    landmarks = np.asarray(faces.scheme.convert(faces.landmarks, target), np.float64)
    return FaceSet(landmarks, target, truth)

"""`project:NAME.lin` — what a person approved in a project, as samples to train on.

Only faces whose review state is *approved* count, corrected before or good as predicted — with
`project-edited:NAME.lin` also those a person edited and did not approve yet. They are what is shown
for them (the annotation over the active run, point by point). `project-points:NAME.lin` is what a
person set and nothing else: approved faces wholly, of edited ones the points set by hand; that is
what dense-from-sparse training wants. The person through time is the subject, so that splits never
put neighbouring frames of one face on both sides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.annotations.project import Project
from core.annotations.records import Clip, ReviewState, ShownFace
from core.datasets.sample import Sample, missing_files
from core.errors import InputError


def read_folder(path: Path) -> list[Sample]:
    """All approved faces of a project.

    Raises:
        InputError: If none is approved, or a clip with approved faces is missing.
        StoreError: If it is no project or a damaged one.
    """
    found = _read(path, (ReviewState.APPROVED,))
    if not found:
        raise InputError(f"{path}: no face is approved yet; approve some before training on them.")
    return found


def read_edited(path: Path) -> list[Sample]:
    """All faces of a project that a person approved or edited.

    Raises:
        InputError: If there is none, or a clip with such faces is missing.
        StoreError: If it is no project or a damaged one.
    """
    found = _read(path, (ReviewState.APPROVED, ReviewState.EDITED))
    if not found:
        raise InputError(f"{path}: no face is edited yet; edit some before training on them.")
    return found


def read_points(path: Path) -> list[Sample]:
    """Approved faces of a project, and the points a person set of faces not approved yet.

    Raises:
        InputError: If there is none, or a clip with such faces is missing.
        StoreError: If it is no project or a damaged one.
    """
    found = _read(path, (ReviewState.APPROVED, ReviewState.EDITED), only_set=True)
    if not found:
        raise InputError(f"{path}: no point is set by hand yet; annotate some faces first.")
    return found


def _read(path: Path, states: tuple[ReviewState, ...], only_set: bool = False) -> list[Sample]:
    with Project.open(path, read_only=True) as project:
        found, lost = [], []
        for clip in project.clips():
            samples = list(_samples(project, clip, states, only_set))
            if samples and not project.clip_path(clip).exists():
                lost.append(clip.rel_path)
            found += samples
    if lost:
        raise missing_files("project", path, lost, "the clips at the paths the project knows")
    return found


def review_states(project: Project, clip: Clip) -> NDArray[np.uint8]:
    """Review states of a clip's faces, (tracks, T) uint8 of `ReviewState`."""
    columns = [
        project.review_column(clip.clip_id, track.track_id, 0, clip.frames)
        for track in project.tracks(clip.clip_id)
    ]
    return np.stack(columns) if columns else np.zeros((1, clip.frames), np.uint8)


def _samples(
    project: Project, clip: Clip, states: tuple[ReviewState, ...], only_set: bool
) -> Iterator[Sample]:
    clip_path = project.clip_path(clip)
    wanted = np.isin(review_states(project, clip), states).any(axis=0)
    for frame in np.flatnonzero(wanted):
        for face in project.shown(clip.clip_id, int(frame)):
            if face.review in states and (not only_set or _keep_set_points(face)):
                yield _sample(clip, clip_path, int(frame), face)


def _keep_set_points(face: ShownFace) -> bool:
    """Drop the points nobody set by hand, unless the face is approved; whether any is left."""
    if face.landmarks is None:
        return False
    if face.review != ReviewState.APPROVED:
        own = face.edited if face.edited is not None else np.zeros(len(face.landmarks), bool)
        face.landmarks = np.where(own[:, None], face.landmarks, np.float32(np.nan))
    return bool(np.isfinite(face.landmarks).any())


def _sample(clip: Clip, clip_path: Path, frame: int, face: ShownFace) -> Sample:
    mask_scheme, labels = None, None
    if face.label_maps:
        mask_scheme, label_map = next(iter(face.label_maps.items()))
        labels = partial(label_map.paste, (clip.height, clip.width))
    return Sample(
        name=f"{clip.rel_path}#{frame}/{face.track_id}",
        image=frame_reader(clip_path, frame),
        scheme=face.landmark_scheme if face.landmarks is not None else None,
        landmarks=face.landmarks,
        visible=face.visible,
        mask_scheme=mask_scheme,
        labels=labels,
        box_xyxy=np.asarray(face.box_xyxy, np.float32),
        subject=f"{clip.clip_id}/{face.track_id}",
    )


def frame_reader(path: Path, frame: int) -> Callable[[], NDArray[np.uint8]]:
    """What decodes one frame of a clip; the clip is open only while it does."""

    def read() -> NDArray[np.uint8]:
        from core.video.reader import open_clip

        with open_clip(path) as clip:
            return clip.frame(frame)

    return read

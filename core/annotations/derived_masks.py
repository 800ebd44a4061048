"""Masks painted from landmarks follow the landmarks that people move."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.annotations.records import Annotation, ShownFace, Source
from core.errors import CoreError
from core.masks.label_map import LabelMap

PAINTED = "face5"
"""The mask scheme that can be painted from landmarks."""
_FROM = "ibug68"


def repaint_derived(
    faces: Sequence[ShownFace],
    annotations: Mapping[int, Annotation],
    derived_masks: Collection[str],
    frame_hw: tuple[int, int],
) -> None:
    """Paint the derived masks of faces whose landmarks a person decided anew, in place.

    A mask a person painted stays. Where a landmark it needs is missing, the face has no derived
    mask: the run's would show where the face was.

    Args:
        faces: Shown faces of one frame.
        annotations: What people decided there, by track.
        derived_masks: Mask schemes the run painted from its landmarks.
        frame_hw: Height and width of the frame.
    """
    if PAINTED not in derived_masks:
        return
    for face in faces:
        annotation = annotations.get(face.track_id)
        if annotation is None or PAINTED in annotation.label_maps:
            continue
        decided = annotation.landmarks.get(face.landmark_scheme or "")
        if decided is None or not decided.decided.any():
            continue
        painted = paint_from_landmarks(face, frame_hw)
        maps = {name: one for name, one in face.label_maps.items() if name != PAINTED}
        face.label_maps = maps if painted is None else maps | {PAINTED: painted}
        if painted is not None:
            face.label_map_sources = face.label_map_sources | {PAINTED: Source.DERIVED}


def paint_from_landmarks(face: ShownFace, frame_hw: tuple[int, int]) -> LabelMap | None:
    """The `face5` map of a face's landmarks; None where a point it needs is missing."""
    from core.masks.from_landmarks import face5_from_landmarks
    from core.schemes import load_landmark_scheme

    if face.landmarks is None or face.landmark_scheme is None:
        return None
    xy: NDArray[np.floating[Any]] = np.asarray(face.landmarks, dtype=np.float64)
    try:
        if face.landmark_scheme != _FROM:
            target = load_landmark_scheme(_FROM)
            xy = load_landmark_scheme(face.landmark_scheme).convert(xy, target)
        return face5_from_landmarks(xy, frame_hw)
    except (CoreError, ValueError):
        return None


def is_outdated(face: ShownFace, mask_scheme: str) -> bool:
    """Whether a net made a mask before a person moved the face's landmarks."""
    by_net = face.label_map_sources.get(mask_scheme) in (Source.HEAVY, Source.FLOW)
    return by_net and face.edited is not None and bool(face.edited.any())

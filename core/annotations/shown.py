"""What is shown and exported: the annotation where there is one, else the run, point by point."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import fields

import numpy as np

from core.annotations.records import (
    Annotation,
    FaceRecord,
    Floats,
    LandmarkAnnotation,
    ReviewState,
    ShownFace,
    Source,
    Track,
)
from core.annotations.rows import Spans
from core.annotations.track_edits import shown_as
from core.geometry import box_of_points

_RUN_FIELDS = [field.name for field in fields(FaceRecord)]


def merge(
    run_faces: Iterable[FaceRecord],
    annotations: Mapping[int, Annotation],
    names: Mapping[int, Track],
    scheme: str | None,
    derived_masks: Collection[str] = (),
) -> list[ShownFace]:
    """Faces of one frame as they are shown, by track.

    Args:
        run_faces: What the active run says, its tracks already renamed by `renamed`.
        annotations: What people decided, by track.
        names: Names people gave, by track.
        scheme: Landmark scheme of the run; None without a run (then the first one annotated).
        derived_masks: Mask schemes the run painted from its landmarks, which no net has seen.
    """
    faces = {face.track_id: face for face in run_faces}
    shown = []
    for track in sorted({*faces, *annotations}):
        annotation = annotations.get(track)
        if annotation is not None and annotation.present is False:
            continue
        face = _merge_face(track, faces.get(track), annotation, scheme, derived_masks)
        if face is not None:
            if track in names:
                face.name, face.colour = names[track].name, names[track].colour
            shown.append(face)
    return shown


def renamed(
    faces: Iterable[FaceRecord], spans: Mapping[int, Spans], frame: int
) -> list[FaceRecord]:
    """A run's faces under the tracks people gave them; of two that became one, one stays.

    The one that keeps its own number stays, else the one with the lower number in the run; so does
    `face_column`.
    """
    kept: dict[int, FaceRecord] = {}
    for face in faces:  # in order of the run's numbers
        own = face.track_id
        face.track_id = shown_as(spans.get(own, ()), own, frame)
        if face.track_id == own or face.track_id not in kept:
            kept[face.track_id] = face
    return [kept[track] for track in sorted(kept)]


def _merge_face(
    track: int,
    face: FaceRecord | None,
    annotation: Annotation | None,
    scheme: str | None,
    derived_masks: Collection[str],
) -> ShownFace | None:
    """One face; None where only states, no content, are known."""
    if face is None:
        if annotation is None or not (_has_content(annotation) or annotation.present):
            return None
        shown = _from_nothing(track)
    else:
        shown = ShownFace(**{name: getattr(face, name) for name in _RUN_FIELDS})
        shown.box_source = face.source
        shown.label_map_sources = {
            name: Source.DERIVED if name in derived_masks else face.source
            for name in face.label_maps
        }
        shown.review = ReviewState.PREDICTED
    annotated = sorted(annotation.landmarks) if annotation is not None else []
    shown.landmark_scheme = scheme or next(iter(annotated), None)
    if shown.landmarks is not None:
        shown.edited = np.zeros(len(shown.landmarks), np.bool_)
        shown.point_sources = np.full(len(shown.landmarks), shown.source, np.uint8)
    if annotation is not None:
        _lay_over(shown, annotation)
    if face is None:
        _name_source(shown)
    if not np.isfinite(shown.box_xyxy).all():
        shown.box_xyxy = _box_of(shown)
    return shown


def _name_source(shown: ShownFace) -> None:
    """A face that a person only pointed at is from where most of its points are, in place."""
    if shown.landmarks is None or shown.point_sources is None or shown.edited is None:
        return
    known = shown.point_sources[np.isfinite(shown.landmarks).all(axis=1)]
    if len(known) and not shown.edited.any():
        shown.source = Source(int(np.bincount(known).argmax()))


def _lay_over(shown: ShownFace, annotation: Annotation) -> None:
    """Lay the annotation over a run's face, in place."""
    shown.review = max(shown.review, annotation.review)
    decided = annotation.landmarks.get(shown.landmark_scheme or "")
    if decided is not None:
        _lay_points_over(shown, decided)
    shown.label_maps = shown.label_maps | annotation.label_maps
    shown.label_map_sources = shown.label_map_sources | annotation.label_map_sources
    if annotation.box_xyxy is not None:
        shown.box_xyxy = annotation.box_xyxy
        shown.box_source = Source.PERSON


def _lay_points_over(shown: ShownFace, decided: LandmarkAnnotation) -> None:
    count = len(decided.points)
    if shown.landmarks is None or len(shown.landmarks) != count:
        shown.landmarks = np.full((count, 2), np.nan, np.float32)
        shown.point_sources = None
        shown.landmark_scores, shown.visible = None, None
    here = decided.decided
    shown.landmarks = np.where(here[:, None], decided.points, shown.landmarks)
    shown.edited = decided.edited.copy()
    sources = decided.sources
    if sources is None:
        sources = np.full(count, Source.PERSON, np.uint8)
    before_sources = np.full(count, Source.PERSON, np.uint8)
    if shown.point_sources is not None and len(shown.point_sources) == count:
        before_sources = shown.point_sources
    shown.point_sources = np.where(here, sources, before_sources)
    if decided.visible is not None:
        before = shown.visible if shown.visible is not None else np.ones(count, np.bool_)
        shown.visible = np.where(here, decided.visible, before)
    if decided.edited.any():
        shown.source = Source.PERSON


def _from_nothing(track: int) -> ShownFace:
    """A face no run knows."""
    nowhere = np.full(4, np.nan, np.float32)
    return ShownFace(track, nowhere, 1.0, source=Source.PERSON, box_source=Source.PERSON)


def _has_content(annotation: Annotation) -> bool:
    return bool(annotation.landmarks or annotation.label_maps or annotation.box_xyxy is not None)


def _box_of(shown: ShownFace) -> Floats:
    """The tight box of what is known of a face without one; NaN if nothing is."""
    if shown.landmarks is not None:
        return box_of_points(shown.landmarks).astype(np.float32)
    boxes = [label_map.box_xyxy for label_map in shown.label_maps.values()]
    if boxes:
        low, high = np.min(boxes, axis=0), np.max(boxes, axis=0)
        # label maps are half-open in pixels; boxes reach from edge to edge, half a pixel outside
        return np.array([*low[:2], *high[2:]], np.float32) - np.float32(0.5)
    return shown.box_xyxy

"""Clips with faces, made up: what every format is tried on."""

import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from core.annotations.records import FaceRecord, Source
from core.formats.records import ExportClip, ExportFrame
from core.masks.label_map import LabelMap
from core.schemes import load_landmark_scheme, load_mask_scheme

HEIGHT, WIDTH = 18, 24
pixels = st.floats(-20, 60, width=32)
scores = st.floats(0, 1, width=32)


@st.composite
def label_maps(draw, classes: int) -> LabelMap:
    """A crop inside the frame."""
    x0, y0 = draw(st.integers(0, WIDTH)), draw(st.integers(0, HEIGHT))
    shape = draw(st.integers(0, HEIGHT - y0)), draw(st.integers(0, WIDTH - x0))
    labels = draw(hnp.arrays(np.uint8, shape, elements=st.integers(0, classes - 1)))
    return LabelMap(labels, x0, y0)


@st.composite
def faces(draw, track: int, points: int) -> FaceRecord:
    corner, size = draw(hnp.arrays(np.float32, (2, 2), elements=st.integers(0, 40)))
    face = FaceRecord(
        track_id=track,
        box_xyxy=np.concatenate([corner, corner + size]).astype(np.float32) + np.float32(0.25),
        score=draw(scores),
        source=draw(st.sampled_from(Source)),
    )
    if draw(st.booleans()):
        xy = draw(hnp.arrays(np.float32, (points, 2), elements=pixels))
        missing = draw(hnp.arrays(bool, points))
        xy[missing] = np.nan
        face.landmarks = xy
        if draw(st.booleans()):
            face.visible = draw(hnp.arrays(bool, points)) & ~missing
        if draw(st.booleans()):
            face.landmark_scores = draw(hnp.arrays(np.float32, points, elements=scores))
    for name, classes in (("face5", 5), ("hair2", 2)):
        if draw(st.booleans()):
            face.label_maps[name] = draw(label_maps(classes))
            if draw(st.booleans()):
                values = hnp.arrays(np.float32, (classes, 2), elements=scores)
                face.class_scores[name] = draw(values)
    return face


@st.composite
def clips_with_frames(draw) -> tuple[ExportClip, list[ExportFrame]]:
    """A 24 × 18 clip of up to 40 frames, some processed, faces in some of these."""
    scheme = load_landmark_scheme("points5")
    masks = (load_mask_scheme("face5"), load_mask_scheme("hair2"))
    names = draw(st.dictionaries(st.integers(0, 3), st.text('Aé, "\n', max_size=4), max_size=2))
    clip = ExportClip("clip ü.mp4", WIDTH, HEIGHT, 29.97, 40, scheme, masks, names)
    frames = []
    for index in sorted(draw(st.sets(st.integers(0, 39), max_size=4))):
        tracks = draw(st.lists(st.integers(0, 3), max_size=3, unique=True))
        people = [draw(faces(track, scheme.num_points)) for track in tracks]
        frames.append(ExportFrame(index, index / 29.97, people))
    return clip, frames


@pytest.fixture(scope="session")
def exports():
    """A strategy for (clip, frames)."""
    return clips_with_frames()


@pytest.fixture
def one_face() -> tuple[ExportClip, list[ExportFrame]]:
    """Frames 3 (one face with everything) and 4 (no face) of a clip with ibug68 and face5."""
    scheme, masks = load_landmark_scheme("ibug68"), load_mask_scheme("face5")
    xy = np.stack([np.arange(68) / 4 + 1.5, np.arange(68) % 9 + 2.25], axis=1).astype(np.float32)
    xy[5] = np.nan
    labels = np.zeros((6, 7), np.uint8)
    labels[1:5, 2:6] = 1
    labels[2, 3] = 2
    face = FaceRecord(
        track_id=7,
        box_xyxy=np.array([1.5, 2.25, 18.25, 10.25], np.float32),
        score=0.875,
        landmarks=xy,
        landmark_scores=np.linspace(0, 1, 68, dtype=np.float32),
        visible=np.arange(68) != 5,
        label_maps={"face5": LabelMap(labels, 4, 3)},
        class_scores={"face5": np.full((5, 2), 0.5, np.float32)},
    )
    face.visible[9] = False
    clip = ExportClip("clip.mp4", WIDTH, HEIGHT, 25.0, 40, scheme, (masks,), {7: "Ann"})
    return clip, [ExportFrame(3, 0.12, [face]), ExportFrame(4, 0.16, [])]

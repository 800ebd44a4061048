"""Any sequence of edits, undo, redo, reopening: the tables are always those of the position."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from core.annotations.clips import Probe
from core.annotations.edits import (
    FOREVER,
    AddFace,
    CompositeEdit,
    DeleteFace,
    Edit,
    SetBox,
    SetLandmarks,
    SetMask,
    SetReviewState,
    SetTrack,
)
from core.annotations.face_edits import RestoreFace
from core.annotations.point_edits import ResetPoints, SetPoints
from core.annotations.project import Project
from core.annotations.records import LandmarkAnnotation, ReviewState, Source
from core.annotations.track_edits import MergeTracks, SplitTrack, SwapTracks
from core.masks.label_map import LabelMap

FRAMES = 9000  # more than two blocks of states
tracks = st.integers(0, 3)
frames = st.sampled_from([0, 1, 2, 4095, 4096, 8999])
seeds = st.integers(0, 50)


def landmarks(seed: int) -> LandmarkAnnotation | None:
    rng = np.random.default_rng(seed)
    if seed == 0:
        return None
    points = rng.normal(0, 9, (7, 2)).astype(np.float32)
    points[rng.random(7) < 0.3] = np.nan
    visible = rng.random(7) < 0.5 if seed % 2 else None
    return LandmarkAnnotation(points, rng.random(7) < 0.5, visible)


def mask(seed: int) -> LabelMap | None:
    rng = np.random.default_rng(seed)
    if seed == 0:
        return None
    height, width, x0, y0 = (int(v) for v in rng.integers(0, 9, 4))
    return LabelMap(rng.integers(0, 3, (height, width)).astype(np.uint8), x0 - 4, y0)


def box(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 9, 4).astype(np.float32)


def points(track: int, frame: int, seed: int) -> SetPoints:
    rng = np.random.default_rng(seed)
    places = rng.normal(0, 9, (7, 2)).astype(np.float32)
    places[rng.random(7) < 0.2] = np.nan
    visible = rng.random(7) < 0.5 if seed % 3 == 0 else None
    sources = rng.integers(0, 6, 7).astype(np.uint8)
    return SetPoints(
        CLIP, track, frame, "x7", rng.random(7) < 0.6, places, sources, bool(seed % 2), visible,
        adds_face=seed % 5 == 0,
    )  # fmt: skip


CLIP = "c" * 16
spans = st.tuples(frames, frames).map(sorted).map(lambda ends: (ends[0], ends[1] + 1))
face_edits = st.one_of(
    st.builds(lambda t, f, s: SetLandmarks(CLIP, t, f, "x7", landmarks(s)), tracks, frames, seeds),
    st.builds(
        lambda t, f, s: SetMask(CLIP, t, f, "face5", mask(s), Source(s % 6)), tracks, frames, seeds
    ),
    st.builds(lambda t, f, s: SetBox(CLIP, t, f, box(s) if s else None), tracks, frames, seeds),
    st.builds(
        lambda t, f, s: AddFace(CLIP, t, f, box(s) if s % 2 else None), tracks, frames, seeds
    ),
    st.builds(points, tracks, frames, seeds),
    st.builds(
        lambda t, f, s: ResetPoints(CLIP, t, f, "x7", np.random.default_rng(s).random(7) < 0.5),
        tracks, frames, seeds,
    ),
)  # fmt: skip
state_edits = st.one_of(
    face_edits,
    st.builds(
        lambda t, span, state, all_: SetReviewState(CLIP, t, *span, state, all_),
        tracks,
        spans,
        st.sampled_from(ReviewState),
        st.booleans(),
    ),
    st.builds(
        lambda t, span, all_: DeleteFace(CLIP, t, *span, all_, frame=7),
        tracks,
        spans,
        st.booleans(),
    ),
    st.builds(lambda t, span: RestoreFace(CLIP, t, *span), tracks, spans),
    st.builds(
        lambda t, s: SetTrack(CLIP, t, "abc"[: s % 4], "#123456" if s % 3 else ""), tracks, seeds
    ),
)
identities = st.one_of(
    st.builds(
        lambda a, b, f, skip: SwapTracks(CLIP, "r", f, FOREVER, a, b, skip_approved=skip),
        tracks, tracks, frames, st.booleans(),
    ),
    st.builds(
        lambda a, b, s, skip: MergeTracks(CLIP, "r", *s, a, b, skip_approved=skip),
        tracks, tracks, spans, st.booleans(),
    ),
    st.builds(
        lambda a, b, s, skip: SplitTrack(CLIP, None, *s, a, b, skip_approved=skip),
        tracks, tracks, spans, st.booleans(),
    ),
)  # fmt: skip
edits = st.one_of(
    state_edits,
    identities,
    st.builds(
        lambda parts, skip: CompositeEdit("many", tuple(parts), skip),
        st.lists(st.one_of(state_edits, identities), min_size=1, max_size=5), st.booleans(),
    ),
)  # fmt: skip


class HistoryMachine(RuleBasedStateMachine):
    """`digests[n]` is what the tables held when n edits were in force."""

    @initialize()
    def create(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.project = Project.create(self.folder / "p.lin")
        (self.folder / "a.mp4").write_bytes(b"x")
        self.project.add_clip(self.folder / "a.mp4", Probe("c" * 64, FRAMES, 25.0, 64, 48))
        self.digests = [self.project.digest()]
        self.position = 0

    @rule(edit=edits)
    def apply(self, edit) -> None:
        applied = self.project.apply(edit, "ann")
        if applied.seq:
            self.position += 1
            self.digests = [*self.digests[: self.position], self.project.digest()]
            assert self.digests[-1] != self.digests[-2]

    @precondition(lambda self: self.position > 0)
    @rule(edit=edits)
    def amend(self, edit) -> None:
        """Another edit in the place of the last one; one that changes nothing is refused."""
        try:
            self.project.amend(self.position, edit, "ann")
        except ValueError:
            pass  # the invariants see that nothing has changed
        else:
            self.digests = [*self.digests[: self.position], self.project.digest()]
            assert self.digests[-1] != self.digests[-2]

    @precondition(lambda self: self.position > 0)
    @rule()
    def undo(self) -> None:
        assert self.project.undo() is not None
        self.position -= 1

    @rule()
    def redo(self) -> None:
        done = self.project.redo()
        assert (done is None) == (self.position + 1 == len(self.digests))
        self.position += done is not None

    @rule()
    def reopen(self) -> None:
        self.project.close()
        self.project = Project.open(self.folder / "p.lin")

    @rule()
    def undo_all_and_redo_all(self) -> None:
        for back in range(self.position, 0, -1):
            self.project.undo()
            assert self.project.digest() == self.digests[back - 1]
        for _ in range(self.position):
            self.project.redo()

    @invariant()
    def tables_are_those_of_the_position(self) -> None:
        if hasattr(self, "project"):
            assert self.project.digest() == self.digests[self.position]
            assert self.project.history_position == self.position

    @invariant()
    def every_frame_can_be_shown(self) -> None:
        if hasattr(self, "project"):
            for frame in (0, 4096):
                self.project.shown(CLIP, frame)

    def teardown(self) -> None:
        if hasattr(self, "project"):
            self.project.close()
            shutil.rmtree(self.folder)


HistoryMachine.TestCase.settings = settings(
    max_examples=25,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestHistory = HistoryMachine.TestCase


def any_edit(rng: np.random.Generator, bulk: bool = True) -> Edit:
    """One edit of any kind, by chance."""
    track, other = (int(t) for t in rng.integers(0, 4, 2))
    seed, start, stop = (int(v) for v in rng.integers(0, FRAMES, 3))
    start, stop = sorted((start, stop))
    face, span = (CLIP, track, start), (start, stop + 1)
    skip = bool(seed % 2)
    makers = [
        lambda: SetLandmarks(*face, "x7", landmarks(seed % 50)),
        lambda: SetMask(*face, "face5", mask(seed % 50), Source(seed % 6)),
        lambda: SetBox(*face, box(seed) if seed % 5 else None),
        lambda: AddFace(*face, box(seed) if skip else None),
        lambda: points(track, start, seed),
        lambda: ResetPoints(*face, "x7", np.random.default_rng(seed).random(7) < 0.5),
        lambda: SetReviewState(CLIP, track, *span, ReviewState(seed % 4), skip),
        lambda: DeleteFace(CLIP, track, *span, skip, frame=start),
        lambda: RestoreFace(CLIP, track, *span),
        lambda: SetTrack(CLIP, track, f"name {seed}", "#123456" if skip else ""),
        lambda: SwapTracks(CLIP, "r", start, FOREVER, track, other, skip_approved=skip),
        lambda: MergeTracks(CLIP, "r", *span, track, other, skip_approved=skip),
        lambda: SplitTrack(CLIP, "r", *span, track, 4 + seed % 9, skip_approved=skip),
        lambda: CompositeEdit("many", tuple(any_edit(rng, False) for _ in range(4)), skip),
    ]
    return makers[int(rng.integers(0, len(makers) if bulk else len(makers) - 1))]()


def test_five_hundred_mixed_edits_undone_and_redone(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"x")
    rng = np.random.default_rng(11)
    with Project.create(tmp_path / "p.lin") as project:
        project.add_clip(tmp_path / "a.mp4", Probe("c" * 64, FRAMES, 25.0, 64, 48))
        empty, kinds = project.digest(), set()
        for _ in range(500):
            kinds.add(project.apply(any_edit(rng), "ann").kind)
        full = project.digest()
        while project.undo() is not None:
            pass
        assert project.digest() == empty
        while project.redo() is not None:
            pass
        assert project.digest() == full
        assert len(kinds) == 14


@pytest.mark.soak
def test_long_histories():
    """500 mixed edits undone and redone, several times over."""
    run_state_machine_as_test(
        HistoryMachine,
        settings=settings(
            max_examples=20,
            stateful_step_count=500,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )

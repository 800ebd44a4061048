"""The clip pipeline: what it stores, that it stops, goes on, and ends the same."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import numpy as np
import pytest

from core.annotations.project import Project
from core.errors import InputError, JobCancelled
from core.inference.channel import Channel, Crew, Stopwatch
from core.inference.pipeline import predict_clip
from core.inference.predictor import load_predictor
from tests.core.inference.blob_model import (
    BlobDetector,
    draw,
    mean_shape68,
    write_clip,
    write_model,
)

COUNT = 300


def places(i: int) -> list[tuple[float, float, float]]:
    """One disc that moves, a second one from frame 100 to 199, nobody from 250 to 259."""
    if 250 <= i < 260:
        return []
    first = (40 + 20 * np.sin(i / 20), 48 + 10 * np.cos(i / 15), 16.0)
    return [first, (120.0, 50.0, 14.0)] if 100 <= i < 200 else [first]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of 300 pictures."""
    return write_clip(
        tmp_path_factory.mktemp("clip") / "disc", map(draw, map(places, range(COUNT)))
    )


@pytest.fixture
def predictor(tmp_path: Path):
    return load_predictor(write_model(tmp_path / "blob.onnx"), "cpu")


@pytest.fixture
def project(tmp_path: Path, clip: Path):
    with Project.create(tmp_path / "p.lin") as project:
        project.add_clip(clip)
        yield project


def frames_of(project: Project, run_id: str) -> list[list]:
    run = project.open_run(run_id)
    found = [run.frame(i) if run.processed(i) else None for i in range(COUNT)]
    run.close()
    return found


def test_every_frame_is_stored_with_its_faces(project: Project, predictor):
    clip_id = project.clips()[0].clip_id
    done = predict_clip(project, clip_id, [predictor], BlobDetector())
    assert (done.frames, done.frames_with_face, done.tracks) == (COUNT, COUNT - 10, 2)
    assert {"decode", "detect", "net", "track", "store", "total"} <= done.seconds.keys()
    stored = frames_of(project, done.run_id)
    for i, faces in enumerate(stored):
        expected = places(i)
        assert faces is not None, "a frame without a face is recorded as such"
        for x, y, _ in expected[: len(faces)]:
            nearest = min(np.abs(f.landmarks[2] - [x, y]).max() for f in faces)
            assert nearest < 1.0
    assert [len(stored[i]) for i in (0, 99, 110, 190, 201, 255, 270)] == [1, 1, 2, 2, 1, 0, 1]
    header = project.runs(clip_id)[-1]
    assert header.landmark_scheme == "points5"
    assert header.settings["models"][0]["name"] == "blob"
    assert header.settings["derived_masks"] == []


def test_a_range_of_frames(project: Project, predictor):
    clip_id = project.clips()[0].clip_id
    done = predict_clip(project, clip_id, [predictor], BlobDetector(), start=20, stop=50)
    run = project.open_run(done.run_id)
    assert [run.processed(i) for i in (19, 20, 49, 50)] == [False, True, True, False]
    assert done.frames == done.frames_with_face == 30
    run.close()


@pytest.mark.parametrize("span", [(300, None), (5, 5), (400, 500)])
def test_an_empty_range_is_a_sentence(project: Project, predictor, span):
    with pytest.raises(InputError, match="none of its 300 frames"):
        predict_clip(
            project, project.clips()[0].clip_id, [predictor], BlobDetector(),
            start=span[0], stop=span[1],
        )  # fmt: skip
    assert project.runs(project.clips()[0].clip_id) == []


@pytest.mark.parametrize("stop_at", [3, 120, 270])
def test_a_stopped_run_goes_on_and_ends_equal_to_an_undisturbed_one(
    project: Project, predictor, stop_at: int
):
    clip_id = project.clips()[0].clip_id
    whole = predict_clip(project, clip_id, [predictor], BlobDetector())
    stopper = StopAt(stop_at)
    with pytest.raises(JobCancelled):
        predict_clip(
            project, clip_id, [stopper.watch(predictor)], BlobDetector(), cancelled=stopper
        )
    stopper.release()
    (part,) = [r for r in project.runs(clip_id) if not project.run_is_sealed(r.run_id)]
    again = predict_clip(project, clip_id, [predictor], BlobDetector())
    assert again.run_id == part.run_id
    assert again.resumed_at == (256 if stop_at == 270 else 0)
    assert frames_of(project, again.run_id) == frames_of(project, whole.run_id)
    assert again.frames == COUNT


class StopAt:
    """Asks to stop once the net has been run a number of times and what it said is stored."""

    def __init__(self, calls: int) -> None:
        self.calls = calls
        self._count = 0
        self._reached_s: float | None = None

    def watch(self, predictor):
        self._predictor, self._locate = predictor, predictor.locate
        predictor.locate = self._counted
        return predictor

    def release(self) -> None:
        self._predictor.locate = self._locate

    def _counted(self, rgb, matrices):
        self._count += 1
        if self._count > self.calls:
            time.sleep(0.05)  # frames come slowly from here on, the channels empty
        return self._locate(rgb, matrices)

    def __call__(self) -> bool:
        if self._count >= self.calls and self._reached_s is None:
            self._reached_s = time.monotonic()
        return self._reached_s is not None and time.monotonic() - self._reached_s > 0.4


def test_other_settings_start_a_run_of_their_own(project: Project, predictor):
    clip_id = project.clips()[0].clip_id
    stopper = StopAt(5)
    with pytest.raises(JobCancelled):
        predict_clip(
            project, clip_id, [stopper.watch(predictor)], BlobDetector(), cancelled=stopper
        )
    stopper.release()
    shorter = predict_clip(project, clip_id, [predictor], BlobDetector(), stop=40)
    fresh = predict_clip(project, clip_id, [predictor], BlobDetector(), restart=True)
    assert shorter.resumed_at is None
    assert fresh.resumed_at is None
    assert len(project.runs(clip_id)) == 3


def test_stopping_takes_less_than_a_second_and_leaves_no_thread(project: Project, predictor):
    asked = threading.Event()
    timer = threading.Timer(0.3, asked.set)
    slow = predictor.locate
    predictor.locate = lambda rgb, m: (time.sleep(0.05), slow(rgb, m))[1]
    timer.start()
    with pytest.raises(JobCancelled):
        predict_clip(
            project, project.clips()[0].clip_id, [predictor], BlobDetector(),
            cancelled=asked.is_set,
        )  # fmt: skip
    timer.join()
    assert not [t for t in threading.enumerate() if t.name.startswith("pipeline")]


def test_stop_is_heard_within_a_second(project: Project, predictor):
    asked_s = []

    def cancelled() -> bool:
        asked_s.append(time.monotonic())
        return len(asked_s) > 3

    start = time.monotonic()
    with pytest.raises(JobCancelled):
        predict_clip(
            project, project.clips()[0].clip_id, [predictor], BlobDetector(), cancelled=cancelled
        )
    assert time.monotonic() - asked_s[3] < 1.0
    assert asked_s[0] - start < 5.0


def test_an_error_in_a_stage_reaches_the_caller_and_keeps_the_run(project: Project, predictor):
    def broken(rgb, matrices):
        raise InputError("the net is broken.")

    whole = predictor.locate
    predictor.locate = broken
    clip_id = project.clips()[0].clip_id
    with pytest.raises(InputError, match="net is broken"):
        predict_clip(project, clip_id, [predictor], BlobDetector())
    predictor.locate = whole
    assert predict_clip(project, clip_id, [predictor], BlobDetector()).resumed_at == 0


def test_annotations_are_not_touched(project: Project, predictor):
    from core.annotations.edits import SetReviewState
    from core.annotations.records import ReviewState

    clip_id = project.clips()[0].clip_id
    project.apply(SetReviewState(clip_id, 0, 3, 9, ReviewState.APPROVED), "someone")
    before = project.digest()
    predict_clip(project, clip_id, [predictor], BlobDetector())
    assert project.digest() == before


def test_face5_is_painted_from_68_points(project: Project, tmp_path: Path):
    net = load_predictor(write_model(tmp_path / "b68.onnx", "ibug68", mean_shape68()), "cpu")
    clip_id = project.clips()[0].clip_id
    done = predict_clip(project, clip_id, [net], BlobDetector(), stop=12)
    run = project.open_run(done.run_id)
    (face,) = run.frame(11)
    run.close()
    labels = face.label_maps["face5"].paste((96, 160))
    x, y, radius = places(11)[0]
    assert labels[round(y), round(x)] != 0
    assert 0.3 < (labels > 0).sum() / (np.pi * radius**2) < 1.0
    assert project.runs(clip_id)[-1].settings["derived_masks"] == ["face5"]
    without = predict_clip(project, clip_id, [net], BlobDetector(), stop=12, masks=False)
    run = project.open_run(without.run_id)
    assert run.frame(11)[0].label_maps == {}
    run.close()


def test_progress_tells_rate_and_time_left(project: Project, predictor):
    seen = []
    predict_clip(
        project, project.clips()[0].clip_id, [predictor], BlobDetector(), report=seen.append
    )
    assert (seen[-1].stage, seen[-1].done, seen[-1].total) == ("predict", COUNT, COUNT)
    assert {"fps", "eta_s"} <= seen[-1].values.keys()


class TestChannel:
    def test_it_holds_so_many_and_ends(self):
        with Crew() as crew:
            channel: Channel[int] = crew.channel(2)

            def produce() -> None:
                for i in range(50):
                    channel.put(i)
                channel.end()

            crew.start(produce, "produce")
            assert list(channel) == list(range(50))

    def test_a_full_channel_lets_go_when_stopped(self):
        with Crew() as crew:
            channel: Channel[int] = crew.channel(1)
            crew.start(lambda: [channel.put(i) for i in range(9)], "produce")
            time.sleep(0.1)
        assert not [t for t in threading.enumerate() if t.name == "pipeline-produce"]


class TestStopwatch:
    def test_inner_time_counts_once(self):
        watch = Stopwatch()
        with watch.measure("outer"):
            time.sleep(0.02)
            with watch.measure("inner"):
                time.sleep(0.05)
        assert watch.seconds["inner"] >= 0.05
        assert 0.02 <= watch.seconds["outer"] < 0.05

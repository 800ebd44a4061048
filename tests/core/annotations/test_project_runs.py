"""Runs of a project: jobs write them beside a window; which one is shown is the window's choice."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.annotations.edits import DeleteFace, SetTrack
from core.annotations.project import Project
from core.annotations.records import ReviewState, Source
from core.errors import InputError, StoreError


def predict(project: Project, clip_id: str, samples, run_id: str, frames=range(100), **header):
    """Write a run; the same process stands for a job."""
    values = samples.header(clip_id=clip_id, run_id=run_id, **header)
    writer = project.start_run(values)
    for frame in frames:
        writer.append(frame, samples.faces(frame))
    return writer


def test_a_job_writes_a_run_while_the_window_holds_the_lock(project, clip, samples):
    with Project.open(project.folder, read_only=True) as job:
        writer = predict(job, clip.clip_id, samples, "r1")
        writer.flush()
        assert project.shown(clip.clip_id, 50)[0].landmarks is not None
        assert not project.run_is_sealed("r1")
        writer.seal().close()
    assert project.run_is_sealed("r1")
    shown = project.shown(clip.clip_id, 50)
    assert [face.track_id for face in shown] == [1, 2]
    assert all(face.review == ReviewState.PREDICTED for face in shown)


def test_another_process_writes_a_run(project, clip):
    code = (
        "import sys, numpy as np\n"
        "from core.annotations.project import Project\n"
        "from core.annotations.records import FaceRecord, RunHeader\n"
        "with Project.open(sys.argv[1], read_only=True) as project:\n"
        "    clip = project.clips()[0]\n"
        "    header = RunHeader('', clip.clip_id, 'predict', 't', clip.frames, 0, 10)\n"
        "    writer = project.start_run(header)\n"
        "    writer.append(3, [FaceRecord(1, np.zeros(4, np.float32), 0.5)])\n"
        "    writer.seal().close()\n"
    )
    environment = {"PYTHONPATH": str(Path(__file__).parents[3])}
    subprocess.run([sys.executable, "-c", code, str(project.folder)], check=True, env=environment)
    assert [face.track_id for face in project.shown(clip.clip_id, 3)] == [1]


def test_the_first_run_stays_shown_until_another_is_chosen(project, clip, samples):
    assert project.active_run(clip.clip_id) is None
    predict(project, clip.clip_id, samples, "z", created="2026-01-01").seal().close()
    predict(project, clip.clip_id, samples, "a", created="2026-01-02").seal().close()
    assert project.active_run(clip.clip_id) == "z"
    project.set_active_run(clip.clip_id, "a")
    assert project.active_run(clip.clip_id) == "a"
    with Project.open(project.folder) as second:
        assert second.active_run(clip.clip_id) == "a"
    project.set_active_run(clip.clip_id, None)
    assert project.active_run(clip.clip_id) == "z"
    with pytest.raises(InputError, match="no run nothing"):
        project.set_active_run(clip.clip_id, "nothing")


def test_a_run_for_an_unknown_clip_is_refused(project, samples):
    with pytest.raises(InputError, match="no clip clip"):
        project.start_run(samples.header())


def test_a_sealed_run_is_not_resumed(project, clip, samples):
    predict(project, clip.clip_id, samples, "r1").seal().close()
    with pytest.raises(StoreError, match="complete"):
        project.resume_run("r1")


def test_an_interrupted_run_is_resumed(project, clip, samples):
    predict(project, clip.clip_id, samples, "r1", range(30)).close()
    with project.resume_run("r1") as writer:
        assert writer.next_frame == 30


def test_a_new_run_keeps_the_numbers_of_the_faces_it_overlaps(project, clip, samples):
    predict(project, clip.clip_id, samples, "old", created="2026-01-01").seal().close()
    project.apply(SetTrack(clip.clip_id, 2, "Bea"), "ann")
    writer = project.start_run(
        samples.header(clip_id=clip.clip_id, run_id="new", created="2026-01-02")
    )
    for frame in range(100):  # the same people, numbered the other way round, and a third one
        swapped = [replace(face, track_id=3 - face.track_id) for face in samples.faces(frame)]
        writer.append(frame, [*swapped, samples.face(5, frame)])
    writer.seal().close()
    project.set_active_run(clip.clip_id, "new")
    for frame in (45, 50):
        boxes = {f.track_id: f.box_xyxy[0] for f in project.shown(clip.clip_id, frame)}
        assert boxes == {1: 100.0, 2: 200.0, 5: 500.0}
    named = {track.track_id: track.name for track in project.tracks(clip.clip_id)}
    assert named == {1: "", 2: "Bea", 5: ""}
    assert project.new_track_id(clip.clip_id) == 6


def test_rejected_faces_are_told_to_the_next_prediction(project, clip, samples):
    predict(project, clip.clip_id, samples, "r1").seal().close()
    project.apply(DeleteFace(clip.clip_id, 2, 40, 60), "ann")
    assert [face.track_id for face in project.shown(clip.clip_id, 50)] == [1]
    (rejected,) = project.rejected(clip.clip_id, 50)
    assert np.array_equal(rejected.box_xyxy, samples.face(2, 50).box_xyxy)
    assert project.rejected(clip.clip_id, 39) == []


def test_masks_painted_from_landmarks_are_shown_as_derived(project, clip, samples):
    settings = {"derived_masks": ["face5"]}
    predict(project, clip.clip_id, samples, "r1", range(2), settings=settings).seal().close()
    face = project.shown(clip.clip_id, 0)[0]
    assert face.label_map_sources == {"face5": Source.DERIVED}
    assert face.source == Source.HEAVY


def test_review_column_of_a_whole_clip(project, clip, samples):
    predict(project, clip.clip_id, samples, "r1").seal().close()
    project.apply(DeleteFace(clip.clip_id, 2, 40, 50), "ann")
    column = project.review_column(clip.clip_id, 2, 0, 1000)
    for frame in range(100):
        has_face = any(face.track_id == 2 for face in samples.faces(frame))
        expected = ReviewState.PREDICTED if has_face else ReviewState.UNSEEN
        assert column[frame] == (ReviewState.EDITED if 40 <= frame < 50 else expected)
    assert not column[100:].any()


def test_check_names_a_damaged_run(project, clip, samples):
    run = predict(project, clip.clip_id, samples, "r1").seal()
    project.check()
    data = bytearray(run.path.read_bytes())
    data[-300] ^= 1
    run.path.write_bytes(data)
    with pytest.raises(StoreError, match=r"r1\.h5 is damaged"):
        project.check()


def test_reading_while_a_job_writes_and_seals_in_another_thread(project, clip, samples):
    import threading

    predict(project, clip.clip_id, samples, "r1", range(1)).close()
    failures: list[BaseException] = []

    def job() -> None:
        try:
            with project.resume_run("r1") as writer:
                for frame in range(1, 900):
                    writer.append(frame, samples.faces(frame))
                    if frame % 100 == 0:
                        writer.flush()
                writer.seal().close()
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=job)
    thread.start()
    try:
        while thread.is_alive():
            for frame in (0, 400, 800):
                shown = project.shown(clip.clip_id, frame)
                assert [f.track_id for f in shown] in ([], [1], [1, 2])
    finally:
        thread.join()
    assert not failures
    assert [f.track_id for f in project.shown(clip.clip_id, 850)] == [1, 2]

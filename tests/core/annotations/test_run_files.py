"""A run says the same while it grows, after an interruption, and once sealed."""

from __future__ import annotations

import tempfile
import time
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from core.annotations.records import FaceRecord, Source
from core.annotations.run_files import RunFiles
from core.annotations.run_growing import GrowingRunReader
from core.annotations.run_part import RunWriter
from core.annotations.run_reader import COLUMNS
from core.annotations.run_sealed import SealedRunReader
from core.errors import InputError, StoreError
from core.masks.label_map import LabelMap

FRAMES = 700  # three segments, the last one not full


@pytest.fixture
def part(tmp_path: Path) -> Path:
    return tmp_path / "run.part"


def write(path: Path, samples, frames=range(FRAMES), **header) -> RunWriter:
    writer = RunWriter.create(path, samples.header(**header))
    for frame in frames:
        writer.append(frame, samples.faces(frame), {"kappa": frame / 8} if frame % 3 else {})
    return writer


def test_growing_run_shows_what_was_flushed(part, samples):
    with write(part, samples, range(300)) as writer:
        writer.flush()
        with GrowingRunReader(part) as reader:
            assert reader.frame(299) == samples.faces(299)
            assert not reader.processed(300)
            writer.append(300, samples.faces(300))
            writer.flush()
            assert reader.processed(300)
            assert reader.frame(300) == samples.faces(300)
            assert reader.frames_done == 301


def test_sealed_run_holds_every_frame(part, samples):
    with write(part, samples).seal() as run:
        assert [run.frame(i) for i in range(FRAMES)] == [samples.faces(i) for i in range(FRAMES)]
        assert run.frames_done == FRAMES
        assert run.track_ids == [1, 2]
        run.check()
    assert not part.exists()


@pytest.mark.parametrize("name", COLUMNS)
def test_columns_are_equal_before_and_after_sealing(part, samples, name):
    writer = write(part, samples)
    writer.flush()
    with GrowingRunReader(part) as growing:
        before = {track: growing.column(track, name, 3, 990) for track in (1, 2)}
    with writer.seal() as run:
        for track in (1, 2):
            np.testing.assert_array_equal(run.column(track, name, 3, 990), before[track])


def test_any_range_of_a_long_column(part, samples):
    """Ranges within, across and beyond the blocks of 4,096 frames, kept or not."""
    frames = 20_500
    writer = RunWriter.create(part, samples.header(frames=frames, stop=frames))
    box = np.zeros(4, np.float32)
    for frame in range(3, frames):
        writer.append(frame, [FaceRecord(1, box, float(frame))])
    whole = np.arange(frames, dtype=np.float32)
    whole[:3] = np.nan
    with writer.seal() as run:
        for start, stop in [(0, 1), (3, 4), (4090, 4110), (0, 20_500), (8191, 8193), (5, 17_000)]:
            np.testing.assert_array_equal(run.column(1, "score", start, stop), whole[start:stop])
        assert np.isnan(run.column(1, "score", 20_500, 30_000)).all()
        assert len(run.column(1, "score", 9, 9)) == 0


def test_columns_agree_with_frames(part, samples):
    with write(part, samples).seal() as run:
        landmarks = run.column(2, "landmarks", 0, FRAMES)
        flags = run.column(2, "flags", 0, FRAMES)
    for frame in range(FRAMES):
        face = next((f for f in samples.faces(frame) if f.track_id == 2), None)
        assert bool(flags[frame]) == (face is not None)
        expected = face.landmarks if face else np.full((samples.points, 2), np.nan)
        np.testing.assert_array_equal(landmarks[frame], expected)


def test_frame_values_are_nan_where_not_recorded(part, samples):
    with write(part, samples).seal() as run:
        kappa = run.frame_values("kappa", 0, FRAMES + 5)
    expected = [i / 8 if i % 3 and i < FRAMES else np.nan for i in range(FRAMES + 5)]
    np.testing.assert_array_equal(kappa, np.array(expected, np.float32))


def test_frames_left_out_are_not_processed_but_empty_frames_are(part, samples):
    frames = [*range(5, 20), *range(600, 620)]
    writer = RunWriter.create(part, samples.header(start=5))
    for frame in frames:
        writer.append(frame, [] if frame < 10 else samples.faces(frame))
    with writer.seal() as run:
        assert np.flatnonzero(run.processed_column(0, 1000)).tolist() == frames
        assert [i for i in range(1000) if run.processed(i)] == frames
        assert run.frame(7) == []
        assert run.frame(300) == []
        assert run.frame(601) == samples.faces(601)


def test_an_empty_run_seals(part, samples):
    with RunWriter.create(part, samples.header()).seal() as run:
        assert run.track_ids == []
        assert run.frames_done == 0
        assert run.frame(0) == []


def test_sealed_file_is_plain_hdf5(part, samples):
    with write(part, samples).seal() as run, h5py.File(run.path, "r") as file:
        track = file["tracks/1"]
        first = int(track.attrs["first_frame"])
        length = len(track["landmarks"])
        ours = run.column(1, "landmarks", first, first + length)
        np.testing.assert_array_equal(track["landmarks"][:], ours)
        assert track["landmarks"].shape == (length, samples.points, 2)
        assert file["frames/processed"][:].sum() == FRAMES


def test_sealing_twice_gives_the_same_bytes(tmp_path, samples):
    files = []
    for name in ("a", "b"):
        time.sleep(len(files) * 1.1)  # HDF5 can note times, to the second
        (tmp_path / name).mkdir()
        write(tmp_path / name / "run.part", samples).seal().close()
        files.append((tmp_path / name / "run.h5").read_bytes())
    assert files[0] == files[1]


def test_appending_out_of_order_is_refused(part, samples):
    with write(part, samples, range(10)) as writer:
        with pytest.raises(ValueError, match="outside 10"):
            writer.append(9, [])
        with pytest.raises(ValueError, match="outside"):
            writer.append(1000, [])


@pytest.mark.parametrize(
    "change",
    [
        {"box_xyxy": np.zeros(3, np.float32)},
        {"landmarks": np.zeros((4, 2), np.float32)},
        {"landmark_scores": np.zeros(4, np.float32)},
        {"track_id": -1},
        {"class_scores": {"face5": np.zeros((4, 2), np.float32)}},
        {"class_scores": {"../x": np.zeros((4, 2), np.float32)}},
    ],
    ids=["box", "landmarks", "scores", "track", "classes", "name"],
)
def test_a_face_of_another_shape_is_refused(part, samples, change):
    with write(part, samples, range(10)) as writer:
        with pytest.raises(ValueError, match=r"\d|name"):
            writer.append(10, [replace(samples.face(1, 10), **change)])
        assert writer.next_frame == 10


def test_resuming_goes_back_to_the_saved_state(part, samples):
    with write(part, samples, range(100)) as writer:
        writer.save_state({"tracker": [1, 2]})
        for frame in range(100, 600):
            writer.append(frame, samples.faces(frame))
    with RunWriter.resume(part) as writer:
        assert writer.load_state() == {"tracker": [1, 2]}
        assert writer.next_frame == 100


def test_resuming_without_a_state_goes_on_after_the_last_frame(part, samples):
    write(part, samples, range(300)).close()
    with RunWriter.resume(part) as writer:
        assert writer.load_state() is None
        assert writer.next_frame == 300


def test_interrupted_and_undisturbed_runs_seal_to_the_same_bytes(tmp_path, samples):
    whole = write(tmp_path / "a.part", samples)
    whole.save_state({"at": FRAMES})
    whole.seal().close()
    first = write(tmp_path / "b.part", samples, range(290))
    first.save_state({"at": 290})
    first.append(290, [samples.face(9, 290)])  # after the state: dropped
    first.close()
    with RunWriter.resume(tmp_path / "b.part") as writer:
        for frame in range(writer.next_frame, FRAMES):
            values = {"kappa": frame / 8} if frame % 3 else {}
            writer.append(frame, samples.faces(frame), values)
        writer.seal().close()
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()


def test_a_run_that_another_process_writes_cannot_be_resumed(part, samples, monkeypatch):
    writer = write(part, samples, range(10))
    writer.flush()
    import core.annotations.part_file as part_file

    own = part_file.ProcessMark.own()
    other = replace(own, pid=1, started=part_file.ProcessMark.own().started)
    monkeypatch.setattr(part_file.ProcessMark, "own", classmethod(lambda cls: other))
    with pytest.raises(StoreError, match=f"being written by process {own.pid}"):
        RunWriter.resume(part)
    monkeypatch.undo()
    writer.close()


class TestRunFiles:
    def test_headers_are_listed_oldest_first(self, tmp_path, samples):
        files = RunFiles(tmp_path)
        for run_id, year in (("b", 2026), ("a", 2027), ("c", 2025)):
            header = samples.header(run_id=run_id, created=f"{year}-01-01")
            writer = RunWriter.create(files.part_path(header), header)
            if run_id == "a":
                writer.seal().close()
            else:
                writer.close()
        assert [header.run_id for header in files.headers("clip")] == ["c", "b", "a"]
        assert [files.is_sealed(run_id) for run_id in "abc"] == [True, False, False]

    def test_of_both_files_the_sealed_one_counts(self, tmp_path, samples):
        header = samples.header()
        files = RunFiles(tmp_path)
        path = files.part_path(header)
        write(path, samples).seal().close()
        RunWriter.create(path, header).close()  # as if killed before the .part was removed
        assert len(files.headers("clip")) == 1
        with files.open("run") as reader:
            assert reader.sealed

    def test_a_damaged_run_is_named_and_the_others_are_listed(self, tmp_path, samples):
        files = RunFiles(tmp_path)
        write(files.part_path(samples.header()), samples, range(9)).seal().close()
        (tmp_path / "runs/clip/bad.h5").write_bytes(b"no run")
        assert [header.run_id for header in files.headers("clip")] == ["run"]
        assert "not a sealed run" in files.damaged["bad"]

    @pytest.mark.parametrize("name", ["", "../up", "a/b", ".hidden", "x.h5", "a\0b", "ü" * 3])
    def test_unsafe_names_are_refused(self, tmp_path, samples, name):
        with pytest.raises(InputError, match="cannot name a run"):
            RunFiles(tmp_path).part_path(samples.header(run_id=name))

    def test_an_unknown_run_is_a_sentence(self, tmp_path):
        with pytest.raises(InputError, match="no run nothing"):
            RunFiles(tmp_path).open("nothing")

    def test_a_run_is_never_started_twice(self, tmp_path, samples):
        files = RunFiles(tmp_path)
        RunWriter.create(files.part_path(samples.header()), samples.header()).close()
        with pytest.raises(StoreError, match="already"):
            files.part_path(samples.header())


# Property: whatever a model says comes back, bit by bit.

_unit = st.floats(0, 1, width=32)
_floats = st.floats(width=32, allow_nan=True, allow_infinity=False)


@st.composite
def records(draw, track: int) -> FaceRecord:
    maybe = st.booleans()
    labels = hnp.arrays(np.uint8, st.tuples(st.integers(0, 9), st.integers(0, 9)))
    where = st.integers(-50, 5000)
    scored = draw(maybe)
    return FaceRecord(
        track_id=track,
        box_xyxy=draw(hnp.arrays(np.float32, 4, elements=_floats)),
        score=draw(_unit),
        landmarks=draw(hnp.arrays(np.float32, (3, 2), elements=_floats)) if draw(maybe) else None,
        landmark_scores=draw(hnp.arrays(np.float32, 3, elements=_floats)) if scored else None,
        visible=draw(hnp.arrays(np.bool_, 3)) if draw(maybe) else None,
        source=draw(st.sampled_from(Source)),
        label_maps={
            name: LabelMap(draw(labels), draw(where), draw(where))
            for name in draw(st.sets(st.sampled_from(["face5", "hair2"])))
        },
        class_scores={"face5": draw(hnp.arrays(np.float32, (2, 2), elements=_unit))}
        if draw(maybe)
        else {},
    )


@st.composite
def clips(draw) -> dict[int, list[FaceRecord]]:
    frames = sorted(draw(st.sets(st.integers(0, 600), max_size=8)))
    tracks = st.sets(st.sampled_from([0, 1, 7, 2**31 - 1]), max_size=3)
    return {i: [draw(records(track)) for track in sorted(draw(tracks))] for i in frames}


@settings(max_examples=30, deadline=None)
@given(said=clips())
def test_every_record_comes_back(samples, said):
    with tempfile.TemporaryDirectory() as folder:
        writer = RunWriter.create(Path(folder) / "run.part", samples.header())
        for frame, faces in said.items():
            writer.append(frame, faces)
        writer.flush()
        with GrowingRunReader(Path(folder) / "run.part") as growing:
            assert {i: growing.frame(i) for i in said} == said
        with writer.seal() as sealed:
            assert {i: sealed.frame(i) for i in said} == said
            assert sealed.frames_done == len(said)


def test_sealed_reader_is_shared_by_threads(part, samples):
    from concurrent.futures import ThreadPoolExecutor

    with write(part, samples).seal() as run, ThreadPoolExecutor(4) as threads:
        frames = [i * 37 % FRAMES for i in range(400)]
        assert list(threads.map(run.frame, frames)) == [samples.faces(i) for i in frames]


def test_a_cut_file_is_refused(part, samples):
    path = write(part, samples).seal().path
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(StoreError, match="cut short"):
        SealedRunReader(path)


def test_check_finds_a_flipped_bit(part, samples):
    path = write(part, samples).seal().path
    data = bytearray(path.read_bytes())
    data[-500] ^= 1
    path.write_bytes(data)
    with SealedRunReader(path) as run, pytest.raises(StoreError, match="checksum"):
        run.check()

"""Damaged files: a sentence or a right answer, never a crash, a hang, or a changed byte."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.annotations.edits import SetBox, SetLandmarks, SetMask, SetReviewState
from core.annotations.project import Project
from core.annotations.records import LandmarkAnnotation
from core.annotations.run_files import RunFiles
from core.annotations.run_growing import GrowingRunReader
from core.annotations.run_part import RunWriter
from core.annotations.run_sealed import SealedRunReader
from core.errors import CoreError
from core.masks.label_map import LabelMap

INPUTS = 200
SOAK_INPUTS = 10_000


def damage(data: bytes, rng: random.Random) -> bytes:
    """One of: flipped bytes, a cut, a hole, a doubled piece, zeros, a changed number."""
    data = bytearray(data)
    at, length = rng.randrange(len(data)), rng.randrange(1, 600)
    # half of the damage goes to the first page, where headers and tables of contents are
    at = at % 600 if rng.random() < 0.5 else at
    kind = rng.randrange(6)
    if kind == 0:
        for _ in range(rng.randrange(1, 20)):
            data[(at + rng.randrange(200)) % len(data)] ^= 1 << rng.randrange(8)
    elif kind == 1:
        del data[at:]
    elif kind == 2:
        del data[at : at + length]
    elif kind == 3:
        data[at:at] = data[at : at + length]
    elif kind == 4:
        data[at : at + length] = bytes(len(data[at : at + length]))
    else:
        data[at : at + 4] = rng.choice([b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"9999"])
    return bytes(data)


@pytest.fixture(scope="module")
def whole(tmp_path_factory, samples, new_clip) -> Path:
    """A project with a clip, edits, a sealed and a growing run; closed."""
    folder = tmp_path_factory.mktemp("whole") / "p.lin"
    with Project.create(folder) as project:
        clip = new_clip(project)
        points = np.zeros((samples.points, 2), np.float32)
        value = LandmarkAnnotation(points, np.ones(samples.points, np.bool_))
        painted = LabelMap(np.ones((9, 9), np.uint8), 0, 0)
        for frame in range(5):
            project.apply(SetLandmarks(clip.clip_id, 1, frame, "points5", value), "ann")
            project.apply(SetMask(clip.clip_id, 1, frame, "face5", painted), "ann")
            project.apply(SetBox(clip.clip_id, 2, frame, points[:2].ravel()), "ann")
        project.apply(SetReviewState(clip.clip_id, 1, 0, 9, 3), "ann")
        for run_id, frames in (("sealed", 40), ("growing", 300)):
            writer = project.start_run(samples.header(clip_id=clip.clip_id, run_id=run_id))
            for frame in range(frames):
                writer.append(frame, samples.faces(frame), {"kappa": 1.0})
            writer.save_state({"x": 1})
            if run_id == "sealed":
                writer.seal().close()
            else:
                writer.close()
    return folder


def use_project(folder: Path) -> None:
    with Project.open(folder) as project:
        for clip in project.clips():
            project.tracks(clip.clip_id)
            for frame in (0, 1, 39):
                project.shown(clip.clip_id, frame)
            project.review_column(clip.clip_id, 1, 0, 100)
            project.history()
            project.undo()
            project.redo()


def use_sealed(path: Path) -> None:
    with SealedRunReader(path) as run:
        use_run(run)
    RunFiles(path.parents[2]).headers(path.parent.name)


def use_growing(path: Path) -> None:
    with GrowingRunReader(path) as run:
        use_run(run)
    with RunWriter.resume(path) as writer:
        writer.append(writer.next_frame, [])


def use_run(run) -> None:
    for frame in (0, 1, 39, 260):
        run.frame(frame)
        run.processed(frame)
    for track in run.track_ids[:3]:
        for name in ("flags", "landmarks", "visible"):
            run.column(track, name, 0, 300)
    run.frame_values("kappa", 0, 300)
    assert run.frames_done >= 0
    run.check()


def fuzz(whole: Path, work: Path, pattern: str, use: Callable[[Path], None], seeds: range) -> int:
    """Damage one file of a copy of the project and use it; how often that was refused."""
    refused = 0
    (source,) = whole.glob(pattern)
    data = source.read_bytes()
    for seed in seeds:
        folder = work / str(seed)
        target = folder / source.relative_to(whole)
        target.parent.mkdir(parents=True)
        target.write_bytes(damage(data, random.Random(seed)))
        try:
            use(folder if source.parent == whole else target)
        except CoreError:
            refused += 1
        shutil.rmtree(folder)
    return refused


KINDS = {
    "project": ("project.db", use_project),
    "sealed": ("runs/*/sealed.h5", use_sealed),
    "growing": ("runs/*/growing.part", use_growing),
}


@pytest.mark.parametrize("kind", KINDS)
def test_damaged_files(whole, tmp_path, kind):
    pattern, use = KINDS[kind]
    refused = fuzz(whole, tmp_path, pattern, use, range(INPUTS // len(KINDS) + 1))
    assert refused > INPUTS // len(KINDS) // 2  # the damage is real


@pytest.mark.soak
@pytest.mark.parametrize("kind", KINDS)
def test_many_damaged_files(whole, tmp_path, kind):
    pattern, use = KINDS[kind]
    fuzz(whole, tmp_path, pattern, use, range(1000, 1000 + SOAK_INPUTS // len(KINDS) + 1))


def test_a_damaged_project_that_is_refused_keeps_every_byte(whole, tmp_path, bytes_of):
    data = (whole / "project.db").read_bytes()
    refused = 0
    for seed in range(60):
        folder = tmp_path / str(seed)
        folder.mkdir()
        (folder / "project.db").write_bytes(damage(data, random.Random(seed)))
        before = bytes_of(folder)
        try:
            Project.open(folder).close()
        except CoreError:
            refused += 1
            assert bytes_of(folder) == before
    assert refused > 20


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"LINEAMENT-RUN",
        b"LINEAMENT-RUN 1 \n",
        b"LINEAMENT-RUN 2 5 5\nhello",
        b"LINEAMENT-RUN 1 99999999999 1\n",
        b"LINEAMENT-RUN 1 2 -1\n{}",
        b"LINEAMENT-RUN 1 2 2745614147\n{}",
        b"LINEAMENT-RUN 1 2 223132457\n[]",
        "LINEAMENT-RUN ²\n".encode(),
        b"\x89HDF\r\n\x1a\n" + bytes(2000),
    ],
)
def test_nonsense_instead_of_a_front_page(tmp_path, content):
    (tmp_path / "run.h5").write_bytes(content)
    with pytest.raises(CoreError):
        SealedRunReader(tmp_path / "run.h5")


def test_sizes_that_lie_never_allocate(whole, tmp_path):
    """A front page with a right checksum whose columns claim more than the file has."""
    from core.annotations.run_layout import DataSet, read_front_page

    (source,) = whole.glob("runs/*/sealed.h5")
    page = read_front_page(source)
    for name in page.data_sets:
        for shape, offset in (
            ((1 << 50,), 0),
            ((1 << 30, 1 << 30), 8),
            ((-1,), 0),
            ((4,), 1 << 60),
        ):
            lie = {**page.data_sets, name: DataSet("<f4", shape, offset)}
            page_bytes = type(page)(**{**vars(page), "data_sets": lie}).to_bytes(page.body_at)
            (tmp_path / "run.h5").write_bytes(page_bytes + source.read_bytes()[page.body_at :])
            with pytest.raises(CoreError, match="damaged"):
                SealedRunReader(tmp_path / "run.h5")

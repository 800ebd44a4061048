"""`export`: a project's faces as files, by the command a person types."""

import csv
import json
import subprocess
import sys

import av
import numpy as np
import pytest

from core import cli
from core.annotations.clips import probe
from core.annotations.edits import SetLandmarks
from core.annotations.project import Project
from core.annotations.records import FaceRecord, LandmarkAnnotation, RunHeader
from core.formats import coco, mask_folder
from core.masks.label_map import LabelMap
from core.video.reader import VideoReader
from core.video.writer import VideoWriter

WIDTH, HEIGHT, FRAMES = 96, 80, 12


def face_at(frame: int) -> FaceRecord:
    """A face that moves a pixel a frame."""
    xy = np.array([[30, 30], [60, 30], [45, 45], [34, 60], [56, 60]], np.float32) + frame
    labels = np.zeros((40, 40), np.uint8)
    labels[5:35, 5:35] = 1
    labels[10:14, 8:14] = 2
    return FaceRecord(
        track_id=1,
        box_xyxy=np.array([20, 20, 70, 70], np.float32) + frame,
        score=0.75,
        landmarks=xy,
        landmark_scores=np.full(5, 0.5, np.float32),
        label_maps={"face5": LabelMap(labels, 25 + frame, 25 + frame)},
    )


@pytest.fixture
def project(tmp_path):
    """A 12-frame clip, a run over frames 0–9 (no face in 4), frame 2 corrected by a person."""
    clip_path = tmp_path / "clip.mp4"
    with VideoWriter(clip_path, WIDTH, HEIGHT, 25) as writer:
        for number in range(FRAMES):
            writer.write(np.full((HEIGHT, WIDTH, 3), 60 + 5 * number, np.uint8))
    folder = tmp_path / "demo.lin"
    with Project.create(folder) as made:
        clip = made.add_clip(clip_path, probe(clip_path))
        header = RunHeader(
            "first", clip.clip_id, "predict", "made up", FRAMES, 0, FRAMES,
            landmark_scheme="points5", mask_schemes=("face5",),
        )  # fmt: skip
        run = made.start_run(header)
        for frame in range(10):
            run.append(frame, [] if frame == 4 else [face_at(frame)])
        run.seal().close()
        points = np.full((5, 2), np.nan, np.float32)
        points[2] = 50.0, 44.0
        edited = np.arange(5) == 2
        made.apply(
            SetLandmarks(clip.clip_id, 1, 2, "points5", LandmarkAnnotation(points, edited)), "Ann"
        )
    return folder


def export(project, *arguments, capsys=None):
    code = cli.main(["export", str(project), *map(str, arguments)])
    captured = capsys.readouterr() if capsys else None
    return code, captured


def everything_in(folder):
    """Names beside the project, the clip's and the runs' bytes, what the project's tables hold."""
    with Project.open(folder / "demo.lin", read_only=True) as opened:
        tables = opened.digest()
    files = [folder / "clip.mp4", *sorted((folder / "demo.lin" / "runs").rglob("*.h5"))]
    names = sorted(path.name for path in folder.iterdir())
    return names, [path.read_bytes() for path in files], tables


def test_coco_and_masks_come_back_equal(project, tmp_path, capsys):
    code, out = export(
        project, "--format", "coco", "-o", tmp_path / "c.json", "--json", capsys=capsys
    )
    assert code == 0
    record = json.loads(out.out)
    assert record["frames"] == 10
    assert record["run"] == "first"
    assert export(project, "--format", "masks", "-o", tmp_path / "m")[0] == 0
    from_coco, from_masks = coco.read(tmp_path / "c.json"), mask_folder.read(tmp_path / "m")
    assert [frame.index for frame in from_coco.frames] == list(range(10))
    assert [frame.index for frame in from_masks.frames] == list(range(10))
    for frame, masked in zip(from_coco.frames, from_masks.frames, strict=True):
        assert frame.time_s == pytest.approx(frame.index / 25)
        if frame.index == 4:
            assert frame.faces == masked.faces == []
            continue
        expected = face_at(frame.index)
        (face,), (mask,) = frame.faces, masked.faces
        if frame.index == 2:
            expected.landmarks[2] = 50, 44
        np.testing.assert_array_equal(face.landmarks, expected.landmarks)
        np.testing.assert_array_equal(face.box_xyxy, expected.box_xyxy)
        assert face.label_maps == mask.label_maps == expected.label_maps
        assert face.score == mask.score == expected.score


def test_a_run_as_it_stands_has_no_corrections(project, tmp_path):
    export(project, "--format", "coco", "-o", tmp_path / "c.json", "--run", "first")
    back = coco.read(tmp_path / "c.json")
    np.testing.assert_array_equal(back.frames[2].faces[0].landmarks, face_at(2).landmarks)


def test_a_table_of_a_range(project, tmp_path):
    code, _ = export(
        project, "--format", "csv", "-o", tmp_path / "t.csv", "--start", 3, "--stop", 6
    )
    assert code == 0
    with (tmp_path / "t.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert [(row["frame"], row["success"]) for row in rows] == [("4", "1"), ("5", "0"), ("6", "1")]
    assert export(project, "--format", "pts", "-o", tmp_path / "p")[0] == 0
    assert len(list((tmp_path / "p").glob("*.pts"))) == 9


def test_what_is_lost_is_said(project, tmp_path, capsys):
    _, out = export(project, "--format", "csv", "-o", tmp_path / "t.csv", capsys=capsys)
    assert "face5" in out.err


def test_the_overlay_shows_every_frame_of_its_range(project, tmp_path):
    target = tmp_path / "o.mp4"
    code, _ = export(
        project, "--format", "overlay", "-o", target, "--start", 1, "--layers", "masks,landmarks"
    )
    assert code == 0
    with VideoReader(target) as overlay, VideoReader(tmp_path / "clip.mp4") as clip:
        assert overlay.info.frames == FRAMES - 1
        assert (overlay.info.width, overlay.info.height) == (WIDTH, HEIGHT)
        drawn = np.abs(overlay.frame(0).astype(int) - clip.frame(1)).sum(axis=2) > 60
        assert drawn[36:50, 36:50].mean() > 0.9  # inside the mask
        assert not drawn[:20].any()
        without = np.abs(overlay.frame(3).astype(int) - clip.frame(4)).sum(axis=2)
        assert without.max() < 40  # nobody there in frame 4


def test_the_overlay_keeps_the_sound(project, tmp_path):
    clip = tmp_path / "clip.mp4"
    silent = clip.rename(tmp_path / "silent.mp4")
    _with_tone(silent, clip)
    with Project.open(project) as opened:
        opened.replace_clip(opened.clips()[0].clip_id, clip, probe(clip))
    assert export(project, "--format", "overlay", "-o", tmp_path / "o.mp4")[0] == 0
    with av.open(str(tmp_path / "o.mp4")) as container:
        assert len(container.streams.audio) == 1
        samples = sum(frame.samples for frame in container.decode(audio=0))
    assert samples / 48000 == pytest.approx(FRAMES / 25, abs=0.1)


def _with_tone(source, target) -> None:
    """Copy a clip's picture and add a second of a tone."""
    with av.open(str(source)) as read, av.open(str(target), "w") as write:
        video = write.add_stream_from_template(read.streams.video[0])
        audio = write.add_stream("aac", rate=48000, layout="mono")
        for packet in read.demux(video=0):
            if packet.dts is not None:
                packet.stream = video
                write.mux(packet)
        tone = np.sin(np.arange(48000) * 0.06).astype(np.float32)[None]
        frame = av.AudioFrame.from_ndarray(tone, format="fltp", layout="mono")
        frame.sample_rate = 48000
        for packet in [*audio.encode(frame), *audio.encode(None)]:
            write.mux(packet)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--format", "coco", "-o", "{tmp}/nowhere/c.json"], "no such folder"),
        (["--format", "coco", "-o", "{tmp}"], "is a folder"),
        (["--format", "masks", "-o", "{tmp}"], "not empty"),
        (["--format", "overlay", "-o", "{tmp}/o.xyz"], ".mp4"),
        (["--format", "overlay", "-o", "{tmp}/clip.mp4"], "the clip itself"),
        (["--format", "overlay", "-o", "{tmp}/o.mp4", "--layers", "hats"], "landmarks"),
        (["--format", "csv", "-o", "{tmp}/demo.lin/t.csv"], "inside the project"),
        (["--format", "csv", "-o", "{tmp}/t.csv", "--start", "12"], "12 frames"),
        (["--format", "csv", "-o", "{tmp}/t.csv", "--start", "5", "--stop", "5"], "12 frames"),
        (["--format", "csv", "-o", "{tmp}/t.csv", "--clip", "other.mp4"], "clip.mp4"),
        (["--format", "csv", "-o", "{tmp}/t.csv", "--run", "second"], "first"),
    ],
)
def test_wrong_wishes_are_one_sentence_and_change_nothing(
    project, tmp_path, capsys, arguments, words
):
    before = everything_in(tmp_path)
    code, out = export(project, *(a.format(tmp=tmp_path) for a in arguments), capsys=capsys)
    assert code == 2
    assert words in out.err
    assert "Traceback" not in out.err
    assert everything_in(tmp_path) == before


def test_projects_that_are_none_are_one_sentence(tmp_path, capsys):
    (tmp_path / "file").write_text("x")
    (tmp_path / "folder").mkdir()
    for name in ("nowhere", "file", "folder"):
        code, out = export(tmp_path / name, "--format", "csv", "-o", "t.csv", capsys=capsys)
        assert code == 2
        assert name in out.err


def test_a_project_without_predictions_says_so(tmp_path, capsys):
    with VideoWriter(tmp_path / "a.mp4", 32, 32, 25) as writer:
        writer.write(np.zeros((32, 32, 3), np.uint8))
    with Project.create(tmp_path / "p.lin") as made:
        made.add_clip(tmp_path / "a.mp4", probe(tmp_path / "a.mp4"))
    code, out = export(
        tmp_path / "p.lin", "--format", "csv", "-o", tmp_path / "t.csv", capsys=capsys
    )
    assert code == 2
    assert "predict" in out.err


def test_a_project_whose_only_run_is_damaged_names_it(tmp_path, project, capsys):
    """It has predictions: "predict first" would be a lie."""
    with Project.open(project) as opened:
        opened.undo()  # so that nothing is decided by a person
    (run,) = (project / "runs").rglob("*.h5")
    run.write_bytes(run.read_bytes()[:2000])
    code, out = export(project, "--format", "csv", "-o", tmp_path / "t.csv", capsys=capsys)
    assert code == 2
    assert f"{run.name} is cut short: 2000 of" in out.err


def test_tables_are_written_without_the_clip_and_the_overlay_asks_for_it(project, tmp_path, capsys):
    (tmp_path / "clip.mp4").rename(tmp_path / "gone.mp4")
    code, out = export(project, "--format", "csv", "-o", tmp_path / "t.csv", capsys=capsys)
    assert code == 0
    assert "frame rate" in out.err
    code, out = export(project, "--format", "overlay", "-o", tmp_path / "o.mp4", capsys=capsys)
    assert code == 2
    assert "relink" in out.err


def test_exporting_imports_no_qt(project, tmp_path):
    script = (
        "import sys; from core import cli; cli.main(['export', *sys.argv[1:]]);"
        "print([m for m in ('PySide6', 'torch') if m in sys.modules])"
    )
    wishes = [str(project), "--format", "coco", "-o", str(tmp_path / "c.json")]
    done = subprocess.run(
        [sys.executable, "-c", script, *wishes], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"

"""`import`: files of other programs, and our own exports, as new runs of a project."""

import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import cli
from core.annotations.clips import probe
from core.annotations.edits import SetLandmarks, SetTrack
from core.annotations.job_files import JobFiles
from core.annotations.project import Project
from core.annotations.records import FaceRecord, LandmarkAnnotation, RunHeader, Source
from core.masks.label_map import LabelMap
from core.video.writer import VideoWriter

WIDTH, HEIGHT, FRAMES = 96, 80, 12
FORMATS = {"coco": "clip-coco.json", "csv": "clip.csv", "pts": "clip-pts", "masks": "clip-masks"}


def write_video(path, frames=FRAMES, size=(WIDTH, HEIGHT), level=60):
    with VideoWriter(path, *size, 25) as writer:
        for number in range(frames):
            writer.write(np.full((size[1], size[0], 3), level + 5 * number, np.uint8))
    return path


def face_at(frame, track=1, shift=0.0):
    """A face that moves a pixel a frame; its third point is hidden."""
    xy = np.array([[30, 30], [60, 30], [45, 45], [34, 60], [56, 60]], np.float32) + frame + shift
    labels = np.zeros((30, 30), np.uint8)
    labels[5:25, 5:25] = 1
    labels[10:14, 8:14] = 2
    return FaceRecord(
        track_id=track,
        box_xyxy=np.array([20, 20, 60, 60], np.float32) + frame,
        score=0.75,
        landmarks=xy,
        landmark_scores=np.full(5, 0.5, np.float32),
        visible=np.array([True, True, False, True, True]),
        label_maps={"face5": LabelMap(labels, 25 + frame, 25 + frame)},
    )


@pytest.fixture
def project(tmp_path):
    """A clip; a run over frames 0–9 (no face in 4); frame 2 corrected by Ann."""
    clip_path = write_video(tmp_path / "clip.mp4")
    folder = tmp_path / "study.lin"
    with Project.create(folder) as made:
        clip = made.add_clip(clip_path, probe(clip_path))
        header = RunHeader("first", clip.clip_id, "predict", "made up", FRAMES, 0, FRAMES,
                           landmark_scheme="points5", mask_schemes=("face5",))  # fmt: skip
        run = made.start_run(header)
        for frame in range(10):
            run.append(frame, [] if frame == 4 else [face_at(frame)])
        run.seal().close()
        points = np.full((5, 2), np.nan, np.float32)
        points[2] = 50.0, 44.0
        edit = SetLandmarks(
            clip.clip_id, 1, 2, "points5", LandmarkAnnotation(points, np.arange(5) == 2)
        )
        made.apply(edit, "Ann")
    return folder


def run_command(capsys, *arguments):
    code = cli.main([*map(str, arguments)])
    out = capsys.readouterr()
    return code, json.loads(out.out) if out.out.startswith("{") else {}, out.err


def shown(project, run_id=None):
    """What is shown of every frame, with a run chosen."""
    with Project.open(project) as opened:
        (clip,) = opened.clips()
        if run_id is not None:
            opened.set_active_run(clip.clip_id, run_id)
        return [opened.shown(clip.clip_id, frame) for frame in range(FRAMES)]


def bare(project, run_id):
    """What a run itself says of every frame it has processed."""
    with Project.open(project, read_only=True) as opened, opened.open_run(run_id) as run:
        assert run.header.kind == "import"
        return {f: run.frame(f) for f in range(FRAMES) if run.processed(f)}


@pytest.mark.parametrize("name", FORMATS)
def test_an_export_comes_back_as_a_run_with_the_values_shown(project, tmp_path, capsys, name):
    before, place = shown(project), tmp_path / FORMATS[name]
    assert run_command(capsys, "export", project, "--format", name, "-o", place)[0] == 0
    code, record, said = run_command(capsys, "import", place, "-o", project, "--json")
    assert (code, record["frames"], record["frames_with_face"]) == (0, 10, 9), said
    assert record["files"][0]["format"] == name
    found = bare(project, record["run_id"])
    assert list(found) == list(range(10)), "frame 4 is there, and says that nobody is"
    for frame, faces in found.items():
        assert len(faces) == len(before[frame])
        for face, was in zip(faces, before[frame], strict=True):
            assert face.source is Source.IMPORTED
            assert (face.track_id, face.score) == (was.track_id, was.score)
            if name != "masks":
                np.testing.assert_array_equal(face.landmarks, was.landmarks)
                np.testing.assert_array_equal(face.visible, was.visible)
            if name != "pts":
                np.testing.assert_array_equal(face.box_xyxy, was.box_xyxy)
            if name in ("coco", "masks"):
                assert face.label_maps == was.label_maps
            if name in ("coco", "csv"):
                np.testing.assert_array_equal(face.landmark_scores, was.landmark_scores)


def test_an_import_decides_nothing_and_is_shown_only_when_chosen(project, tmp_path, capsys):
    run_command(capsys, "export", project, "--format", "coco", "-o", tmp_path / "c.json")
    with Project.open(project, read_only=True) as opened:
        tables, (clip,) = opened.digest(), opened.clips()
        assert opened.active_run(clip.clip_id) == "first"
    _, record, said = run_command(capsys, "import", tmp_path / "c.json", "-o", project, "--json")
    assert "earlier run stays shown" in said
    with Project.open(project, read_only=True) as opened:
        assert opened.digest() == tables
        assert opened.active_run(clip.clip_id) == "first"
        imported = next(h for h in opened.runs(clip.clip_id) if h.run_id == record["run_id"])
    assert imported.title == "Imported from c.json"
    assert imported.landmark_scheme == "points5"
    # Shown, its points stand where nobody decided anything, and Ann's point stays Ann's.
    faces = shown(project, record["run_id"])[2]
    assert faces[0].point_sources.tolist() == [5, 5, 4, 5, 5]


def test_a_video_that_is_no_project_yet_gets_one(project, tmp_path, capsys):
    run_command(capsys, "export", project, "--format", "csv", "-o", tmp_path / "clip.csv")
    made = tmp_path / "new.lin"
    code, _, said = run_command(capsys, "import", tmp_path / "clip.csv", "-o", made)
    assert code == 2
    assert "--clip VIDEO" in said
    code, record, _ = run_command(
        capsys, "import", tmp_path / "clip.csv", "-o", made, "--clip", tmp_path / "clip.mp4",
        "--json",
    )  # fmt: skip
    assert code == 0
    with Project.open(made, read_only=True) as opened:
        (clip,) = opened.clips()
        assert opened.active_run(clip.clip_id) == record["run_id"], "there is no other one"
        assert len(opened.shown(clip.clip_id, 0)) == 1


def test_the_clip_is_found_by_size_name_and_length(project, tmp_path, capsys):
    run_command(capsys, "export", project, "--format", "coco", "-o", tmp_path / "faces.json")
    run_command(capsys, "export", project, "--format", "csv", "-o", tmp_path / "faces.csv")
    with Project.open(project) as opened:
        opened.add_clip(write_video(tmp_path / "large.mp4", size=(192, 160)))
        opened.add_clip(write_video(tmp_path / "twin.mp4", level=20))
    # COCO names its clip; of a bare table only its own name can speak.
    code, record, _ = run_command(
        capsys, "import", tmp_path / "faces.json", "-o", project, "--json"
    )
    assert code == 0
    assert record["files"][0]["clip"].endswith("/clip.mp4")
    code, _, said = run_command(capsys, "import", tmp_path / "faces.csv", "-o", project)
    assert code == 2
    assert "several clips (clip.mp4, large.mp4, twin.mp4); choose one by --clip" in said
    (tmp_path / "faces.csv").rename(tmp_path / "twin-faces.csv")
    _, record, _ = run_command(
        capsys, "import", tmp_path / "twin-faces.csv", "-o", project, "--json"
    )
    assert record["files"][0]["clip"].endswith("/twin.mp4")
    # Pixels of another size would put every point in a wrong place, whoever asks for it.
    code, _, said = run_command(
        capsys, "import", tmp_path / "faces.json", "-o", project, "--clip", "large.mp4"
    )
    assert code == 2
    assert "its pixels are of 96×80, large.mp4 is 192×160" in said


def test_one_bad_file_stops_no_other(project, tmp_path, capsys):
    run_command(capsys, "export", project, "--format", "csv", "-o", tmp_path / "clip.csv")
    (tmp_path / "bad.json").write_text("{}")
    (tmp_path / "notes.txt").write_text("no faces here")
    files = [tmp_path / name for name in ("bad.json", "clip.csv", "notes.txt")]
    code, record, said = run_command(capsys, "import", *files, "-o", project, "--json")
    assert code == 2
    assert ["run_id" in one for one in record["files"]] == [False, True, False]
    assert record["frames_with_face"] == 9
    assert "looks like no format" in said
    assert len(bare(project, record["run_id"])) == 10


def test_damaged_items_are_left_out_and_said(project, tmp_path, capsys):
    run_command(capsys, "export", project, "--format", "csv", "-o", tmp_path / "clip.csv")
    lines = (tmp_path / "clip.csv").read_text().splitlines()
    lines[3] = lines[3].replace("32.0", "x")
    (tmp_path / "clip.csv").write_text("\n".join(lines))
    code, record, said = run_command(
        capsys, "import", tmp_path / "clip.csv", "-o", project, "--json"
    )
    assert (code, record["frames"]) == (0, 9)
    (why,) = record["files"][0]["left_out"]
    assert "line 4" in why
    assert why in said
    run_command(capsys, "export", project, "--format", "pts", "-o", tmp_path / "clip-pts")
    for number in (0, 1, 2, 3, 5):
        (tmp_path / "clip-pts" / f"frame_{number:06d}.pts").write_text("torn")
    code, record, _ = run_command(capsys, "import", tmp_path / "clip-pts", "-o", project, "--json")
    left_out = record["files"][0]["left_out"]
    assert (code, len(left_out)) == (0, 4)
    assert left_out[3] == "Left out: 2 more that are damaged."
    assert len(bare(project, record["run_id"])) == 10, "boxes and scores are in another file"


def test_frames_beyond_the_end_are_left_out_and_an_offset_moves_them(project, tmp_path, capsys):
    run_command(capsys, "export", project, "--format", "coco", "-o", tmp_path / "c.json")
    code, record, _ = run_command(
        capsys, "import", tmp_path / "c.json", "-o", project, "--offset", 5, "--json"
    )
    assert (code, record["frames"]) == (0, 7)
    assert record["files"][0]["left_out"] == ["3 frames lie beyond the clip's 12."]
    found = bare(project, record["run_id"])
    assert list(found) == [5, 6, 7, 8, 9, 10, 11]
    np.testing.assert_array_equal(found[5][0].landmarks, face_at(0).landmarks)
    code, _, said = run_command(
        capsys, "import", tmp_path / "c.json", "-o", project, "--offset", -1
    )
    assert code == 2
    assert "before the clip's first" in said


def test_points_counted_from_0_are_told(project, tmp_path, capsys):
    folder = tmp_path / "points"
    folder.mkdir()
    (folder / "a.pts").write_text("n_points: 5\n{\n" + "3 4\n" * 5 + "}\n")
    for first, expected in ((1, [2, 3]), (0, [3, 4])):
        _, record, _ = run_command(
            capsys, "import", folder, "-o", project, "--first-pixel", first, "--json"
        )
        (face,) = bare(project, record["run_id"])[0]
        assert face.landmarks[0].tolist() == expected


def test_points_of_another_size_are_doubted(project, tmp_path, capsys):
    """A table does not say of which size its pixels are; that they do not fit does."""
    folder = tmp_path / "points"
    folder.mkdir()
    (folder / "a.pts").write_text("n_points: 5\n{\n" + "300 200\n" * 4 + "9 9\n}\n")
    code, record, said = run_command(capsys, "import", folder, "-o", project, "--json")
    assert (code, record["files"][0]["faces"]) == (0, 1)
    assert "Most points lie outside the clip's 96×80 pixels" in said


def test_two_faces_of_one_number_are_both_kept(project, tmp_path, capsys):
    xs = ",".join(f"x_{j}" for j in range(5)) + "," + ",".join(f"y_{j}" for j in range(5))
    rows = [f"1,0,0.0,0.9,1,{','.join(str(k + n) for k in range(10))}" for n in (0, 30)]
    head = f"frame,face_id,timestamp,confidence,success,{xs}"
    (tmp_path / "clip.csv").write_text("\n".join([head, *rows, rows[0].replace("0.9", "1e300")]))
    code, record, _ = run_command(capsys, "import", tmp_path / "clip.csv", "-o", project, "--json")
    assert (code, record["files"][0]["faces"]) == (0, 3)
    assert "got one of their own" in record["files"][0]["left_out"][0]
    assert [face.track_id for face in bare(project, record["run_id"])[0]] == [0, 1, 2]


def test_names_of_people_are_decisions_and_stay_out(project, tmp_path, capsys):
    with Project.open(project) as opened:
        (clip,) = opened.clips()
        opened.apply(SetTrack(clip.clip_id, 1, "Zoë"), "Ann")
    run_command(capsys, "export", project, "--format", "coco", "-o", tmp_path / "c.json")
    _, record, _ = run_command(capsys, "import", tmp_path / "c.json", "-o", project, "--json")
    assert record["files"][0]["left_out"] == [
        "Names of people (Zoë) are not taken over; give them in the window."
    ]


def test_a_cancelled_import_leaves_nothing(project, tmp_path, capsys):
    run_command(capsys, "export", project, "--format", "coco", "-o", tmp_path / "c.json")
    job = JobFiles(tmp_path / "job")
    job.folder.mkdir()
    job.ask_stop("cancel")
    code, _, _ = run_command(
        capsys, "import", tmp_path / "c.json", "-o", project, "--job", job.folder
    )
    assert code == 130
    assert '"error": "Import stopped; nothing is left of it."' in job.events.read_text()
    with Project.open(project, read_only=True) as opened:
        (clip,) = opened.clips()
        assert [header.run_id for header in opened.runs(clip.clip_id)] == ["first"]


def test_the_window_may_hold_the_project_meanwhile(project, tmp_path, capsys):
    run_command(capsys, "export", project, "--format", "coco", "-o", tmp_path / "c.json")
    with Project.open(project) as window:
        code, record, _ = run_command(
            capsys, "import", tmp_path / "c.json", "-o", project, "--json"
        )
        assert code == 0
        (clip,) = window.clips()
        window.look_again(clip.clip_id)
        assert record["run_id"] in [header.run_id for header in window.runs(clip.clip_id)]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(noise=st.binary(max_size=200), at=st.floats(0, 1), name=st.sampled_from(["coco", "csv"]))
def test_any_damage_ends_in_a_run_or_a_sentence(
    tmp_path_factory, whole_files, capsys, noise, at, name
):
    """Bytes overwritten anywhere: exit code 0 or 2, never a fault of the program."""
    source, project = whole_files[name], whole_files["project"]
    content = bytearray(source.read_bytes())
    start = int(at * len(content))
    content[start : start + len(noise)] = noise
    file = tmp_path_factory.mktemp("damaged") / source.name
    file.write_bytes(content)
    code = cli.main(["import", str(file), "-o", str(project), "-q"])
    assert code in (0, 2), capsys.readouterr().err


@pytest.fixture
def whole_files(project, tmp_path, capsys):
    places = {name: tmp_path / FORMATS[name] for name in ("coco", "csv")}
    for name, place in places.items():
        run_command(capsys, "export", project, "--format", name, "-o", place)
    return places | {"project": project}


@pytest.mark.real
def test_public_files_become_runs(real_folder, tmp_path, capsys):
    """A profile face of MERL-RAV, with hidden and missing points, as frames of an image folder."""
    points = sorted((real_folder / "abhi1kumar+MERL-RAV_dataset").rglob("*.pts"))[:6]
    folder = tmp_path / "clip-pts"
    folder.mkdir()
    for number, file in enumerate(points):
        (folder / f"frame_{number:06d}.pts").write_bytes(file.read_bytes())
    clip = write_video(tmp_path / "clip.mp4", frames=6, size=(640, 640))
    made = tmp_path / "merl.lin"
    code, record, said = run_command(capsys, "import", folder, "-o", made, "--clip", clip, "--json")
    assert (code, record["frames_with_face"]) == (0, 6), said

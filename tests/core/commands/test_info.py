"""`lineament info`: one record, or lines for people; bad input is one sentence and code 2."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core import cli
from core.video.writer import VideoWriter


@pytest.fixture
def clip(tmp_path) -> Path:
    """Thirty frames of 64×48 at 29.97 frames a second."""
    with VideoWriter(tmp_path / "clip.mp4", 64, 48, 29.97) as writer:
        for k in range(30):
            writer.write(np.full((48, 64, 3), 8 * k, np.uint8))
    return tmp_path / "clip.mp4"


def test_json(clip, capsys):
    assert cli.main(["info", str(clip), "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["frames"] == 30
    assert record["fps"] == pytest.approx(30000 / 1001)
    assert record["vfr"] is False
    assert (record["width"], record["height"]) == (64, 48)
    assert record["duration_s"] == pytest.approx(30 * 1001 / 30000, abs=1e-3)
    assert (record["codec"], record["rotation"]) == ("h264", 0)
    assert (record["has_audio"], record["truncated"]) == (False, None)
    assert len(record["content_id"]) == 64


def test_lines_for_people(clip, capsys):
    assert cli.main(["info", str(clip)]) == 0
    out = capsys.readouterr().out
    assert "29.97 frames/s, constant" in out
    assert "64×48" in out
    assert "00:01.001" in out


def test_a_folder_and_a_picture(tmp_path, capsys):
    for k in range(3):
        Image.fromarray(np.zeros((4, 6, 3), np.uint8)).save(tmp_path / f"{k}.png")
    assert cli.main(["info", str(tmp_path)]) == 0
    assert "assumed" in capsys.readouterr().out
    assert cli.main(["info", str(tmp_path / "1.png")]) == 0
    assert "a single picture" in capsys.readouterr().out


def test_damage_is_shown(clip, capsys):
    data = clip.read_bytes()
    moov, mdat = data[data.index(b"moov") - 4 :], data[: data.index(b"moov") - 4]
    assert mdat.index(b"mdat") > 0
    clip.write_bytes(mdat)
    assert cli.main(["info", str(clip)]) == 2
    assert "moov" in capsys.readouterr().err
    clip.write_bytes(mdat + moov[:40])
    assert cli.main(["info", str(clip)]) == 2


@pytest.mark.parametrize("content", [None, b"", b"plain words"])
def test_bad_input_is_one_sentence(tmp_path, capsys, content):
    file = tmp_path / "clip.mp4"
    if content is not None:
        file.write_bytes(content)
    assert cli.main(["info", str(file)]) == 2
    streams = capsys.readouterr()
    assert streams.out == ""
    assert len(streams.err.strip().splitlines()) == 1
    assert str(file) in streams.err
    assert "Traceback" not in streams.err

"""Two real people beside each other, mixed up half way: put right in three gestures at most."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtCore import Qt

from core.annotations.project import Project
from core.cli import main
from core.video.reader import VideoReader
from core.video.writer import VideoWriter
from tests.app.people.kit import PeopleHand

FRAMES, SIDE, MIXED_AT = 16, 240, 9
SPEAKERS = ("bbaf2n.mpg", "lwbsza.mpg")


def squares(path: Path) -> list[np.ndarray]:
    """The middle of every frame, small."""
    with VideoReader(path) as reader:
        middle = [rgb[:, (rgb.shape[1] - rgb.shape[0]) // 2 :][:, : rgb.shape[0]]
                  for _, rgb in reader.frames(0, FRAMES)]  # fmt: skip
    return [cv2.resize(one, (SIDE, SIDE), interpolation=cv2.INTER_AREA) for one in middle]


@pytest.fixture
def mixed_up(real_folder: Path, tmp_path: Path) -> Path:
    """A project predicted by the real command, its two people swapped from a frame on."""
    left, right = (squares(next(real_folder.rglob(name))) for name in SPEAKERS)
    clip = tmp_path / "two.mp4"
    with VideoWriter(clip, 2 * SIDE, SIDE, 25) as writer:
        for pair in zip(left, right, strict=True):
            writer.write(np.concatenate(pair, axis=1))
    folder = tmp_path / "two.lin"
    assert main(["predict", str(clip), "-o", str(folder), "--device", "cpu", "-q"]) == 0
    with Project.open(folder) as project:
        (stored,) = project.clips()
        (header,) = project.runs(stored.clip_id)
        good = project.open_run(header.run_id)
        bad = project.start_run(replace(header, run_id="mixed"))
        for frame_idx in range(FRAMES):
            faces = good.frame(frame_idx)
            for face in faces if frame_idx >= MIXED_AT else ():
                face.track_id = 1 - face.track_id
            bad.append(frame_idx, sorted(faces, key=lambda face: face.track_id))
        good.close()
        bad.seal().close()
        (folder / "runs" / stored.clip_id / f"{header.run_id}.h5").unlink()
    return folder


@pytest.mark.real
def test_an_identity_swap_is_put_right(open_main, mixed_up, qtbot):
    hand = PeopleHand(open_main(mixed_up), qtbot)
    hand.wait_for_columns()

    def sides(track: int) -> str:
        return "".join(
            "-" if track not in (shown := hand.shown(i))
            else "l" if shown[track].box_xyxy[0] < SIDE else "r"
            for i in range(FRAMES)
        )  # fmt: skip

    assert len(set(sides(0))) == 2  # mixed up
    hand.go(MIXED_AT)
    hand.key(Qt.Key.Key_W)  # one gesture
    assert {len(set(sides(track))) for track in (0, 1)} == {1}
    hand.window.undo()
    assert hand.session.frame_idx == MIXED_AT
    assert len(set(sides(0))) == 2

"""The frames of unlabelled clips where two models disagree most, on one sheet to look at.

Numbers of `study clips` say how far apart two models are; the sheet shows who is wrong. It shows
people, so it goes where its maker says and nowhere else.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from core.evaluation.clips import EYES, ClipPoints
from core.geometry import box_centre_size
from core.video.reader import open_clip

Image = NDArray[np.uint8]

FRAMES = 24
COLUMNS = 6
TILE = 320
"""Side of a tile in pixels."""
OWN_RGB, PEER_RGB = (255, 60, 60), (60, 160, 255)
_APART = 5
"""Two frames of a clip on the sheet are at least so many frames apart: neighbours look alike."""
_MARGIN = 1.5
"""Side of a tile over the larger side of the face's box."""


class Disagreement(NamedTuple):
    """A frame in which two models differ."""

    clip: int
    """Its position among the clips."""
    frame: int
    distance: float
    """Mean distance of the points, in the peer's eye distances."""


def worst_frames(clips: Sequence[ClipPoints], count: int = FRAMES) -> list[Disagreement]:
    """The frames of largest distance, worst first; no two of a clip that are neighbours."""
    candidates: list[Disagreement] = []
    for number, clip in enumerate(clips):
        size = np.linalg.norm(clip.peer[:, EYES[0]] - clip.peer[:, EYES[1]], axis=-1)
        far = np.linalg.norm(clip.own - clip.peer, axis=-1).mean(axis=1) / size
        candidates += [
            Disagreement(number, int(t), float(far[t])) for t in np.flatnonzero(np.isfinite(far))
        ]
    chosen: list[Disagreement] = []
    for one in sorted(candidates, key=lambda c: (-c.distance, c.clip, c.frame)):
        if len(chosen) == count:
            break
        if all(one.clip != c.clip or abs(one.frame - c.frame) >= _APART for c in chosen):
            chosen.append(one)
    return chosen


def draw_sheet(
    paths: Sequence[Path], clips: Sequence[ClipPoints], chosen: Sequence[Disagreement]
) -> Image:
    """The chosen frames as tiles: own points red, the peer's blue, their distance written below.

    Args:
        paths: Of the clips.
        clips: What the models said of them.
        chosen: From `worst_frames`.

    Returns:
        (rows · TILE, COLUMNS · TILE, 3) RGB; black where there are fewer frames than tiles.
    """
    rows = max(1, -(-len(chosen) // COLUMNS))
    sheet = np.zeros((rows * TILE, COLUMNS * TILE, 3), np.uint8)
    for number in sorted({c.clip for c in chosen}):
        with open_clip(paths[number]) as video:
            for place, one in enumerate(chosen):
                if one.clip == number:
                    y, x = (TILE * v for v in divmod(place, COLUMNS))
                    tile = _tile(video.frame(one.frame), clips[number], one)
                    sheet[y : y + TILE, x : x + TILE] = tile
    return sheet


def write_sheet(folder: Path, sheet: Image) -> Path:
    """Write a sheet as worst-frames.jpg into a folder, made if need be; its path."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "worst-frames.jpg"
    done, data = cv2.imencode(".jpg", sheet[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 92])
    if not done:
        raise ValueError("the sheet could not be coded as JPEG")
    file.write_bytes(data.tobytes())
    return file


def _tile(rgb: Image, clip: ClipPoints, one: Disagreement) -> Image:
    centre, wh = box_centre_size(clip.boxes[one.frame])
    zoom = TILE / (_MARGIN * float(wh.max()))
    shift = (TILE - 1) / 2 - zoom * centre
    matrix = np.array([[zoom, 0.0, shift[0]], [0.0, zoom, shift[1]]])
    tile = np.ascontiguousarray(cv2.warpAffine(rgb, matrix, (TILE, TILE), flags=cv2.INTER_CUBIC))
    for points, colour in ((clip.peer, PEER_RGB), (clip.own, OWN_RGB)):
        for x, y in points[one.frame] * zoom + shift:
            if np.isfinite(x + y):
                place = round(16 * float(x)), round(16 * float(y))
                cv2.circle(tile, place, 32, colour, -1, cv2.LINE_AA, 4)
    text = f"{Path(clip.name).stem[:18]} {one.frame}: {100 * one.distance:.1f} %"
    for thick, colour in ((3, (0, 0, 0)), (1, (255, 255, 255))):
        where = 6, TILE - 8
        cv2.putText(tile, text, where, cv2.FONT_HERSHEY_SIMPLEX, 0.5, colour, thick, cv2.LINE_AA)
    return np.asarray(tile, np.uint8)

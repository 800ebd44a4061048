"""300VW and 300VW-Mask: clips with 68 points a frame, and the face masks made from them.

    300vw:FOLDER    001/vid.avi with 001/annot/000001.pts …        frames count from 1
    300vw:FOLDER    images_orig/001_000001.jpg with labels_orig/001_000001.png     (300VW-Mask)
    300vw:FOLDER/data_splits/split_1/test_per10.txt                a list of frames of either

300VW (Shen et al., ICCV-W 2015): the clip is the subject; its 64 test clips (three categories) are
the test split. Frames its authors found badly annotated are left out: `extra/NNN.mat` beside the
clips (its variable `error`, from 1), or `300vw_badly_annotated.txt` with lines "clip frame". Every
frame also has the `face5` labels of Wang et al. 2018, painted from its points.

300VW-Mask (same authors) ships crops with `face5` labels and lists with lines
"/images_orig/A.jpg /labels_orig/A.png": split_1 (train, val and test_per10.txt; Wang et al. 2018)
is the split of its folder, split_2 (A, B and C.txt; Wang et al. 2020) is named as a list. A list in
a folder of clips takes those frames of the clips. Written from these descriptions; never seen a
real file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.datasets.label_maps import read_indices
from core.datasets.matlab import read_arrays
from core.datasets.project import frame_reader
from core.datasets.pts import read_pts
from core.datasets.sample import Sample, checked_landmarks, missing_files, read_lines
from core.errors import InputError

_CATEGORY_1 = (
    "114 124 125 126 150 158 401 402 505 506 507 508 509 510 511 514 515 518 519 520 521 522 524"
    " 525 537 538 540 541 546 547 548"
)
CATEGORIES = {
    1: tuple(_CATEGORY_1.split()),
    2: tuple("203 208 211 212 213 214 218 224 403 404 405 406 407 408 409 412 550 551 553".split()),
    3: tuple("410 411 516 517 526 528 529 530 531 533 557 558 559 562".split()),
}
"""The test clips: well lit, unconstrained, arbitrary conditions."""
BAD_LIST = "300vw_badly_annotated.txt"
MASK_LISTS = {"train_per10": "train", "val_per10": "validation", "test_per10": "test"}
_FRAME = re.compile(r"(\w+)_(\d{6})\.jpg")
_LAYOUT = "CLIP/vid.avi with CLIP/annot/000001.pts …"
_MASKS = "images_orig/001_000001.jpg with labels_orig/001_000001.png"


def read_folder(path: Path) -> list[Sample]:
    """All annotated frames of all clips, all crops of 300VW-Mask, or the frames of a list.

    Raises:
        InputError: If there is none, or a file is missing or damaged.
    """
    if path.is_file():
        return _listed(path)
    if (path / "images_orig").is_dir():
        return _masks(path)
    return _clips(path)


def _clips(path: Path, wanted: set[tuple[str, int]] | None = None) -> list[Sample]:
    """All frames of the clips below a folder, or those wanted as (clip, number from 1)."""
    clips = sorted(p.parent for p in path.rglob("annot") if p.is_dir())
    if not clips:
        raise InputError(f"{path}: no annot folder here; expected {_LAYOUT}.")
    bad = _bad_frames(path)
    tested = {c.name for c in clips} & {n for names in CATEGORIES.values() for n in names}
    official = 0 < len(tested) < len(clips) and wanted is None
    return [
        sample
        for clip in clips
        for number, sample in _frames(clip, _split_name(clip, tested) if official else "", wanted)
        if (clip.name, number) not in bad
    ]


def _split_name(clip: Path, tested: set[str]) -> str:
    return "test" if clip.name in tested else "train"


def _bad_frames(path: Path) -> set[tuple[str, int]]:
    """The frames the authors' lists leave out, as (clip, number from 1)."""
    bad = set()
    for file in sorted(path.glob("extra/*.mat")):
        numbers = read_arrays(file, ["error"]).get("error")
        if numbers is None:
            raise InputError(f"{file}: no variable 'error' with frame numbers in it.")
        bad |= {(file.stem, int(number)) for number in numbers.ravel()}
    file = path / BAD_LIST
    if file.is_file():
        pairs = [line.split() for line in read_lines(file, "list of frames") if line.strip()]
        try:
            bad |= {(clip, int(frame)) for clip, frame in pairs}
        except ValueError as error:
            raise InputError(f"{file}: lines must be 'clip frame' ({error}).") from error
    return bad


def _frames(
    clip: Path, split: str, wanted: set[tuple[str, int]] | None
) -> Iterator[tuple[int, Sample]]:
    video = clip / "vid.avi"
    if not video.is_file():
        raise InputError(f"{clip}: vid.avi is missing; expected {_LAYOUT}.")
    for file in sorted((clip / "annot").glob("*.pts")):
        if not file.stem.isdecimal():
            raise InputError(f"{file}: its name is no frame number; expected {_LAYOUT}.")
        number = int(file.stem)
        if wanted is None or (clip.name, number) in wanted:
            yield number, _frame(video, number, file, split)


def _frame(video: Path, number: int, file: Path, split: str) -> Sample:
    clip = video.parent.name
    xy = read_pts(file) - 1.0
    if not np.isfinite(xy).all():
        raise InputError(f"{file}: holds a point that is no number; repair or remove it.")
    xy68 = checked_landmarks(xy, str(file), 68)
    return Sample(
        name=f"{clip}#{number - 1}",
        image=frame_reader(video, number - 1),
        scheme="ibug68",
        landmarks=xy68,
        mask_scheme="face5",
        labels=partial(_painted, video, xy68),
        subject=clip,
        split=split,
    )


def _painted(video: Path, xy68: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The `face5` labels of a frame, (H, W)."""
    from core.masks.from_landmarks import face5_from_landmarks
    from core.video.reader import open_clip

    with open_clip(video) as clip:
        size = clip.info.height, clip.info.width
    return face5_from_landmarks(xy68, size).paste(size)


def _masks(path: Path) -> list[Sample]:
    """All crops of 300VW-Mask, or those of split_1 where its lists are there."""
    lists = {path / "data_splits/split_1" / f"{n}.txt": s for n, s in MASK_LISTS.items()}
    present = {file: split for file, split in lists.items() if file.is_file()}
    if present:
        return [s for file, split in present.items() for s in _crops(path, _entries(file), split)]
    files = [_FRAME.fullmatch(p.name) for p in sorted((path / "images_orig").glob("*.jpg"))]
    return _crops(path, [(m[1], int(m[2])) for m in files if m], "")


def _listed(file: Path) -> list[Sample]:
    """The frames of a list: crops where the folder has them, else frames of its clips."""
    wanted = _entries(file)
    root = next((p for p in file.parents[:4] if (p / "images_orig").is_dir()), None)
    if root is not None:
        return _crops(root, wanted, "")
    root = next((p for p in file.parents[:4] if any(p.glob("*/annot"))), None)
    if root is None:
        raise InputError(f"{file}: no clips and no images_orig above it; expected {_MASKS}.")
    return _clips(root, set(wanted))


def _entries(file: Path) -> list[tuple[str, int]]:
    """The frames a list names, as (clip, number from 1)."""
    found = []
    for number, line in enumerate(read_lines(file, "list of frames"), 1):
        if not line.strip():
            continue
        match = _FRAME.fullmatch(line.split()[0].rpartition("/")[2])
        if match is None:
            raise InputError(f"{file}: line {number} names no frame; expected {_MASKS}.")
        found.append((match[1], int(match[2])))
    return found


def _crops(path: Path, frames: list[tuple[str, int]], split: str) -> list[Sample]:
    names = [f"{clip}_{number:06d}" for clip, number in frames]
    present = {f"{p.parent.name}/{p.name}" for p in path.glob("*_orig/*.*g")}
    wanted = [f for n in names for f in (f"images_orig/{n}.jpg", f"labels_orig/{n}.png")]
    lost = [file for file in wanted if file not in present]
    if lost or not names:
        raise missing_files("300VW-Mask", path, lost or ["any crop"], _MASKS)
    return [
        Sample(
            name=f"{clip}#{number - 1}",
            image=(image := path / "images_orig" / f"{name}.jpg"),
            mask_scheme="face5",
            labels=partial(read_indices, path / "labels_orig" / f"{name}.png", image, "face5"),
            subject=clip,
            split=split,
        )
        for name, (clip, number) in zip(names, frames, strict=True)
    ]

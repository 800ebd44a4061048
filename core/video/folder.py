"""A folder of pictures as a clip: one file a frame, in natural order ("2.png" before "10.png")."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import InputError
from core.progress import Cancelled, Progress, Report, check, ignore, never
from core.video.images import open_image, read_image, shown_size
from core.video.info import VideoInfo

IMAGE_SUFFIXES = frozenset(
    ".png .jpg .jpeg .jpe .bmp .dib .ppm .pgm .pbm .pnm .tif .tiff .webp .tga".split()
)
FOLDER_FPS = Fraction(25)
"""A folder states no rate; 25 frames a second is assumed, and `info` says 25."""


def natural_key(name: str) -> tuple[list[tuple[int, int | str]], str]:
    """A sorting key by which runs of digits compare as numbers and "a" comes before "a1"."""
    parts = re.split(r"(\d+)", Path(name).stem.casefold())
    key: list[tuple[int, int | str]] = [
        (0, int(part)) if part.isdecimal() else (1, part) for part in parts if part
    ]
    return key, name  # equal but for case or leading zeros: still one fixed order


def image_files(folder: Path) -> list[Path]:
    """The pictures directly in a folder, naturally sorted; hidden files are left out."""
    found = [
        entry
        for entry in folder.iterdir()
        if entry.suffix.lower() in IMAGE_SUFFIXES and not entry.name.startswith(".")
    ]
    return sorted((f for f in found if f.is_file()), key=lambda f: natural_key(f.name))


class ImageSequence:
    """Frames from picture files, all of one size. Each read opens its own file: thread-safe."""

    def __init__(self, files: list[Path], info: VideoInfo) -> None:
        self.files = files
        self.info = info

    @classmethod
    def from_folder(
        cls, folder: Path, report: Report = ignore, cancelled: Cancelled = never
    ) -> ImageSequence:
        """The sequence of a folder.

        Raises:
            InputError: If it holds no picture or pictures of several sizes.
            JobCancelled: If the person has asked to stop.
        """
        files = image_files(folder)
        if not files:
            raise InputError(f"{folder}: holds no pictures; give a video or a folder of pictures.")
        first = _header(files[0])
        for done, file in enumerate(files[1:], start=1):
            check(cancelled)
            size = _header(file)[0]
            if size != first[0]:
                raise InputError(
                    f"{file}: is {size[0]}×{size[1]} but {files[0].name} is "
                    f"{first[0][0]}×{first[0][1]}; the pictures of a clip must share one size."
                )
            report(Progress("index", done + 1, len(files)))
        return cls(files, _info("folder", len(files), *first))

    @classmethod
    def from_image(cls, file: Path) -> ImageSequence:
        """The sequence of one picture."""
        return cls([file], _info("image", 1, *_header(file)))

    def frame(self, i: int) -> NDArray[np.uint8]:
        """Frame `i` as RGB (H, W, 3) uint8.

        Raises:
            InputError: If the file is damaged or was replaced by one of another size.
        """
        if not 0 <= i < len(self.files):
            raise InputError(
                f"{self.files[0].parent}: there is no frame {i} among {len(self.files)} pictures."
            )
        rgb = read_image(self.files[i])
        if rgb.shape[:2] != (self.info.height, self.info.width):
            raise InputError(
                f"{self.files[i]}: is {rgb.shape[1]}×{rgb.shape[0]}, not "
                f"{self.info.width}×{self.info.height} as when the clip was opened; open it again."
            )
        return rgb

    def frames(self, start: int, stop: int) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        """Frames in order."""
        for i in range(start, stop):
            yield i, self.frame(i)

    def pts(self, i: int) -> int:
        """The frame's number: a folder has no clock of its own."""
        return i

    def time_s(self, i: int) -> float:
        """Seconds from the first frame, at FOLDER_FPS."""
        return float(i / FOLDER_FPS)

    def times_s(self) -> NDArray[np.float64]:
        """Seconds from the first frame to every frame, at FOLDER_FPS."""
        return np.arange(len(self.files)) / float(FOLDER_FPS)

    def quick_frame(self, i: int) -> int:
        """The frame itself: every picture is read as fast as any other."""
        return i

    def frame_at(self, time_s: float) -> int:
        """The frame shown at a time, at FOLDER_FPS."""
        return min(max(int(time_s * FOLDER_FPS + 1e-6), 0), len(self.files) - 1)

    def key_frames(self) -> list[int]:
        """Every frame stands alone."""
        return list(range(len(self.files)))

    def read_ahead(self, direction: int) -> None:
        """Files are read when they are asked for."""

    def close(self) -> None:
        """Nothing is held open."""


def _header(file: Path) -> tuple[tuple[int, int], str, str]:
    with open_image(file) as image:
        return shown_size(image), image.format or "", image.mode


def _info(kind: str, frames: int, size: tuple[int, int], codec: str, mode: str) -> VideoInfo:
    return VideoInfo(
        frames=frames,
        fps=float(FOLDER_FPS),
        vfr=False,
        width=size[0],
        height=size[1],
        duration_s=float(frames / FOLDER_FPS),
        codec=codec.lower(),
        rotation=0,
        has_audio=False,
        pix_fmt=mode,
        truncated=None,
        kind="folder" if kind == "folder" else "image",
        index="files",
    )

"""Single pictures: any kind in as RGB, label maps in and out as indexed PNG."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from core.errors import InputError, ResourceError

STILL_FORMATS = ("PNG", "JPEG", "BMP", "DIB", "PPM", "TIFF", "WEBP", "GIF", "TGA")
"""Pillow's names of the formats read; its MPEG, HDF5, … stubs are left out on purpose.
JPEG covers MPO (several JPEGs in one file)."""

MAX_PIXELS = 1 << 26
"""Pictures above 8192×8192 are refused: a damaged header must not fill the memory."""

_DAMAGED = (OSError, ValueError, SyntaxError, EOFError, IndexError, ArithmeticError)
_TOO_LARGE = (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError)


def read_image(path: Path | str) -> NDArray[np.uint8]:
    """Read a picture as RGB, turned as its EXIF orientation says.

    Palettes are looked up, grey is repeated, 16 bit is rounded to 8 (v / 257), an alpha channel is
    dropped (what lies under transparent pixels is shown, as OpenCV does), CMYK is converted.

    Args:
        path: PNG, JPEG, BMP, PPM/PGM/PBM, TIFF, WebP, GIF or TGA; the first picture of several.

    Returns:
        (H, W, 3) uint8.

    Raises:
        InputError: If it is missing, no picture, damaged, too large or holds floating-point pixels.
    """
    with open_image(path) as image, _sentences(Path(path)):
        return to_rgb(ImageOps.exif_transpose(image), Path(path))


@contextlib.contextmanager
def open_image(path: Path | str) -> Iterator[Image.Image]:
    """Open a picture's header; its pixels are read on use.

    Raises:
        InputError: If it is missing or no picture.
    """
    path = Path(path)
    with _sentences(path):
        image = Image.open(path, formats=STILL_FORMATS)
    with image:
        if image.width * image.height > MAX_PIXELS:
            raise InputError(
                f"{path}: the picture is too large to be read ({image.width}×{image.height})."
            )
        yield image


def is_still_image(path: Path) -> bool:
    """Whether the file's content is one picture (an animated GIF or WebP is a video)."""
    try:
        with Image.open(path, formats=STILL_FORMATS) as image:
            return image.format == "MPO" or not getattr(image, "is_animated", False)
    except _TOO_LARGE:
        return True  # read_image then says why it cannot be read
    except _DAMAGED:
        return False


def shown_size(image: Image.Image) -> tuple[int, int]:
    """Width and height after EXIF rotation, from the header alone."""
    width, height = image.size
    turned = image.getexif().get(0x0112, 1) in (5, 6, 7, 8)  # EXIF tag Orientation
    return (height, width) if turned else (width, height)


def to_rgb(image: Image.Image, path: Path) -> NDArray[np.uint8]:
    """The pixels of an open picture as (H, W, 3) uint8."""
    if image.mode == "F":
        raise InputError(f"{path}: holds floating-point pixels; convert it to 8 or 16 bit.")
    if image.mode == "I" or image.mode.startswith("I;"):
        return _grey16_to_rgb(np.asarray(image))
    if image.mode in ("RGBA", "LA", "PA", "RGBX"):
        image = image.convert("RGBA")  # PA needs its palette looked up first
        return np.ascontiguousarray(np.asarray(image)[:, :, :3])
    return np.array(image.convert("RGB"), dtype=np.uint8)


def _grey16_to_rgb(grey: NDArray[np.integer]) -> NDArray[np.uint8]:
    wide = np.clip(grey.astype(np.int64), 0, 65535)
    grey8 = ((wide + 128) // 257).astype(np.uint8)
    return np.repeat(grey8[:, :, None], 3, axis=2)


def write_png_indexed(
    path: Path | str, labels: NDArray[np.uint8], palette: NDArray[np.uint8]
) -> None:
    """Write a label map as an indexed PNG: the pixel values stay the class indices.

    Args:
        path: Written under a temporary name beside it, then renamed.
        labels: (H, W) uint8 class indices, all below K.
        palette: (K, 3) uint8 colours, K ≤ 256.

    Raises:
        ValueError: If a label has no colour or the shapes are wrong.
        ResourceError: If the place cannot be written.
    """
    labels, palette = np.ascontiguousarray(labels), np.asarray(palette)
    if labels.ndim != 2 or labels.dtype != np.uint8 or labels.size == 0:
        raise ValueError(f"labels are {labels.shape} {labels.dtype}, not (H, W) uint8")
    if palette.ndim != 2 or palette.shape[1] != 3 or not 1 <= len(palette) <= 256:
        raise ValueError(f"a palette is (1 … 256, 3), not {palette.shape}")
    if labels.max() >= len(palette):
        raise ValueError(f"label {labels.max()} has no colour among {len(palette)}")
    image = Image.fromarray(labels)
    image.putpalette(palette.astype(np.uint8).tobytes())
    path = Path(path)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        image.save(part, format="PNG")
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise ResourceError(f"{path}: cannot be written ({error.strerror or error}).") from error


def read_png_indexed(path: Path | str) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Read an indexed (or 8-bit grey) picture as class indices.

    Returns:
        labels (H, W) uint8 and palette (K, 3) uint8; a grey picture has the grey ramp as palette.

    Raises:
        InputError: If it is missing, damaged or stores colours instead of indices.
    """
    path = Path(path)
    with open_image(path) as image, _sentences(path):
        if image.mode == "P":
            colours = np.array(image.getpalette("RGB"), dtype=np.uint8).reshape(-1, 3)
            return np.array(image, dtype=np.uint8), colours
        if image.mode == "L":
            ramp = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
            return np.array(image, dtype=np.uint8), ramp
        mode = image.mode
    raise InputError(f"{path}: stores colours ({mode}), not class indices; save it as indexed PNG.")


@contextlib.contextmanager
def _sentences(path: Path) -> Iterator[None]:
    """Turn what Pillow raises into a sentence."""
    try:
        yield
    except InputError:
        raise
    except FileNotFoundError as error:
        raise InputError(f"{path}: there is no such picture; check the path.") from error
    except UnidentifiedImageError as error:
        raise InputError(f"{path}: is not a picture in a known format.") from error
    except _TOO_LARGE as error:
        raise InputError(f"{path}: the picture is too large to be read.") from error
    except _DAMAGED as error:
        raise InputError(f"{path}: the picture is damaged ({error}).") from error

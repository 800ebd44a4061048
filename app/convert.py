"""Between numpy and Qt: frames, label maps, and the half pixel between image and scene.

Frames are RGB uint8 (H, W, 3); the canvas paints `Format_RGB32`, which the raster engine copies
without conversion. Images made here own their memory, so no numpy buffer has to be kept alive.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

Points = NDArray[np.float64]


def scene_from_image(xy: Points) -> Points:
    """Image to scene coordinates: a pixel's centre is an integer there, pixel 0 spans 0…1 here.

    The one place that adds the half pixel.
    """
    return xy + 0.5


def image_from_scene(xy: Points) -> Points:
    """Scene to image coordinates, the inverse of `scene_from_image`."""
    return xy - 0.5


def image_from_rgb(rgb: NDArray[np.uint8], into: QImage | None = None) -> QImage:
    """A frame as an image that owns its memory.

    Args:
        rgb: (H, W, 3) uint8.
        into: An image of this size and format that nobody needs any more, to be overwritten.

    Returns:
        `Format_RGB32`, H×W.

    Raises:
        ValueError: If the array is no RGB frame.
    """
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8:
        raise ValueError(f"a frame is (H, W, 3) uint8, not {rgb.shape} {rgb.dtype}")
    image = into or QImage(rgb.shape[1], rgb.shape[0], QImage.Format.Format_RGB32)
    # OpenCV writes straight into the image's own buffer: 32-bit rows have no padding.
    cv2.cvtColor(rgb, cv2.COLOR_RGB2BGRA, dst=_bytes_of(image))
    return image


def toned(image: QImage, brightness: float, contrast: float) -> QImage:
    """The image with another brightness and contrast.

    Args:
        image: `Format_RGB32`.
        brightness: −1…1, added to values of 0…1.
        contrast: −1…1; the slope around mid-grey is 4^contrast.
    """
    value = np.arange(256) / 255.0
    value = (value - 0.5) * 4.0**contrast + 0.5 + brightness
    table = np.rint(255 * value.clip(0.0, 1.0)).astype(np.uint8)
    result = QImage(image.size(), QImage.Format.Format_RGB32)
    cv2.LUT(_bytes_of(image), table, dst=_bytes_of(result))
    return result


def rgb_from_image(image: QImage) -> NDArray[np.uint8]:
    """The pixels of an image, (H, W, 3) uint8, copied."""
    shown = image.convertToFormat(QImage.Format.Format_RGB32)
    bgra = _bytes_of(shown)
    return np.ascontiguousarray(bgra[..., 2::-1])


def image_from_labels(labels: NDArray[np.uint8], colours: NDArray[np.uint32]) -> QImage:
    """A label map in colours.

    Args:
        labels: (h, w) uint8 class indices.
        colours: (256,) uint32, premultiplied 0xAARRGGBB by class.

    Returns:
        `Format_ARGB32_Premultiplied`, h×w.
    """
    height, width = labels.shape
    image = QImage(width, height, QImage.Format.Format_ARGB32_Premultiplied)
    np.take(colours, labels, out=_words_of(image), mode="clip")
    return image


def image_from_argb(argb: NDArray[np.uint32]) -> QImage:
    """Premultiplied 0xAARRGGBB words (h, w) as an image that owns its memory."""
    image = QImage(argb.shape[1], argb.shape[0], QImage.Format.Format_ARGB32_Premultiplied)
    _words_of(image)[:] = argb
    return image


def premultiplied(rgb: tuple[int, int, int], opacity: float) -> int:
    """A colour as a premultiplied 0xAARRGGBB word; opacity in [0, 1]."""
    alpha = round(255 * min(max(opacity, 0.0), 1.0))
    red, green, blue = ((channel * alpha + 127) // 255 for channel in rgb)
    return alpha << 24 | red << 16 | green << 8 | blue


def _bytes_of(image: QImage) -> NDArray[np.uint8]:
    """A writable view (H, W, 4) of a 32-bit image; valid while the image lives."""
    pixels = np.frombuffer(image.bits(), dtype=np.uint8)
    return pixels.reshape(image.height(), image.width(), 4)


def _words_of(image: QImage) -> NDArray[np.uint32]:
    return np.frombuffer(image.bits(), dtype=np.uint32).reshape(image.height(), image.width())

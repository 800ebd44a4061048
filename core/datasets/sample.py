"""One record for every data set: a face (or a parsed image) with what is known about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import InputError
from core.schemes import load_mask_scheme

Rgb = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Sample:
    """A face of a data set. Pixels: integer = centre, origin top-left of the image."""

    name: str
    """Unique in its data set: file, and number of the face where a file has several."""
    image: Path | Callable[[], Rgb] | None
    """The picture's file, or what makes it; None where the data set ships labels alone."""
    scheme: str | None = None
    """Landmark scheme of `landmarks`."""
    landmarks: NDArray[np.float32] | None = None
    """(M, 2); NaN = not located."""
    visible: NDArray[np.bool_] | None = None
    """(M,); False where something hides the point. None = not annotated."""
    mask_scheme: str | None = None
    """Mask scheme of `labels`."""
    labels: Callable[[], NDArray[np.uint8]] | None = None
    """Reads the label map (H, W) of the whole image."""
    mask_groups: Mapping[str, tuple[str, ...]] | None = None
    """What the labels really tell apart where that is coarser than their scheme: name → classes
    that count as it (of any scheme). None = every class of the scheme by itself."""
    box_xyxy: NDArray[np.float32] | None = None
    """The data set's own face box, (4,)."""
    subject: str = ""
    """Who it is, for splits by subject; empty = unknown, the sample's own name counts."""
    split: str = ""
    """The data set's own split: train, validation or test; empty = it has none."""
    superpixels: Callable[[], NDArray[np.int32]] | None = None
    """Reads the number of each pixel's super-pixel, (H, W)."""

    def rgb(self) -> Rgb:
        """The picture, (H, W, 3).

        Raises:
            InputError: If there is none, or it cannot be read.
        """
        if self.image is None:
            raise InputError(f"{self.name}: this data set has labels without pictures.")
        if isinstance(self.image, Path):
            from core.video.images import read_image

            return read_image(self.image)
        return self.image()


def labels_in(sample: Sample, mask_scheme: str) -> Rgb:
    """A sample's label map in the scheme wanted, (H, W).

    Raises:
        InputError: If it has none or its scheme has no map to that one, or a label is unknown.
    """
    if sample.labels is None or sample.mask_scheme is None:
        raise InputError(f"{sample.name}: this data set has no label maps.")
    own = load_mask_scheme(sample.mask_scheme)
    labels = sample.labels()
    # UNKNOWN (255) stays: it stands for pixels nobody labelled.
    known = labels != 255
    if known.any() and int(labels[known].max()) >= own.num_classes:
        raise InputError(f"{sample.name}: label {int(labels[known].max())} is none of {own.name}.")
    if mask_scheme not in own.maps or sample.mask_groups is not None:
        raise InputError(f"{sample.name}: its {own.name} labels say too little of {mask_scheme}.")
    return np.where(known, own.maps[mask_scheme][np.where(known, labels, 0)], labels)


def checked_landmarks(
    xy: NDArray[np.floating], where: str, num_points: int, image_wh: tuple[int, int] | None = None
) -> NDArray[np.float32]:
    """Landmarks as float32 after the checks every reader makes.

    Args:
        xy: (M, 2) with NaN for missing points.
        where: File (and face) for the sentence.
        num_points: What the scheme wants.
        image_wh: Size of the picture, if known: most points must lie in it.

    Raises:
        InputError: If points are too few, all missing, infinite or mostly far outside the image.
    """
    if xy.shape != (num_points, 2):
        raise InputError(f"{where}: {len(xy)} points where the scheme has {num_points}.")
    known = np.isfinite(xy).all(axis=1)
    if not known.any() or np.isinf(xy).any():
        raise InputError(f"{where}: the points are no numbers; repair or remove this file.")
    if image_wh is not None:
        margin = 0.5 * np.asarray(image_wh)
        low, high = -margin, np.asarray(image_wh) + margin
        inside = ((xy[known] > low) & (xy[known] < high)).all(axis=1)
        if inside.mean() < 0.5:
            raise InputError(
                f"{where}: most points lie far outside the {image_wh[0]}×{image_wh[1]} picture; "
                "do labels and picture belong together?"
            )
    return np.asarray(xy, dtype=np.float32)


def read_lines(file: Path, what: str) -> list[str]:
    """The lines of a list.

    Raises:
        InputError: If it cannot be read as text.
    """
    try:
        return file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file}: not a readable {what} ({error}).") from error


def missing_files(what: str, folder: Path, names: list[str], layout: str) -> InputError:
    """The error of an incomplete data set: the first few missing files and the layout wanted."""
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return InputError(f"{folder}: this {what} data set lacks {shown}; expected {layout}.")

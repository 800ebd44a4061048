"""Bare decoding and drawing with OpenCV into an array nobody sees: a lower bound, no viewer."""

from __future__ import annotations

import cv2
import numpy as np

from benchmarks.peers import _frames

COLOURS = np.array(
    [[0, 0, 0], [80, 170, 230], [230, 160, 0], [150, 120, 60], [200, 120, 160]], np.uint8
)


def main() -> None:
    """Measure and print the figures."""
    material = _frames.Material(_frames.folder_from_arguments())

    def show(index: int) -> None:
        canvas = material.frames.read(index).copy()
        labels, x0, y0 = material.label_map(index)
        height, width = labels.shape
        part = canvas[y0 : y0 + height, x0 : x0 + width]
        blend = cv2.addWeighted(part, 0.6, COLOURS[labels], 0.4, 0)
        cv2.copyTo(blend, (labels > 0).astype(np.uint8), part)
        for x, y in material.landmarks[index]:
            centre = (round(float(x) * 16), round(float(y) * 16))
            cv2.circle(canvas, centre, 3 * 16, (255, 230, 60), -1, cv2.LINE_AA, shift=4)

    figures = _frames.measure(show, material.frames.shape[0])
    _frames.tell({"version": cv2.__version__, **figures})


if __name__ == "__main__":
    main()

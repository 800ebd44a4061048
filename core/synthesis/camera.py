"""A pinhole camera.

World: x to the viewer's right, y up, z towards the viewer (decimetres). Camera: x right, y down,
depth forward. Pixels follow `core.geometry`: an integer is a pixel's centre.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
_NEAREST_DM = (
    0.05  # points nearer than this (or behind) are pushed here, so that nothing divides by 0
)


@dataclass(frozen=True)
class Camera:
    """Perspective camera that looks along −z of the world from `position`.

    Attributes:
        focal_px: Focal length in pixels.
        centre_px: Principal point (x, y) in pixels.
        position: Where the camera stands, decimetres.
        image_hw: Image size (height, width).
    """

    focal_px: float
    centre_px: tuple[float, float]
    position: tuple[float, float, float]
    image_hw: tuple[int, int]

    def project(self, points: NDArray[np.floating]) -> tuple[FloatArray, FloatArray]:
        """Project world points.

        Args:
            points: (..., 3) decimetres.

        Returns:
            Pixels (..., 2) float32 and depth (...,) float32, positive away from the camera.
        """
        relative = np.asarray(points, dtype=np.float32) - np.asarray(self.position, np.float32)
        depth = np.maximum(-relative[..., 2], np.float32(_NEAREST_DM))
        scale = np.float32(self.focal_px) / depth
        uv = np.empty((*relative.shape[:-1], 2), dtype=np.float32)
        uv[..., 0] = relative[..., 0] * scale + np.float32(self.centre_px[0])
        uv[..., 1] = -relative[..., 1] * scale + np.float32(self.centre_px[1])
        return uv, depth

    def scaled(self, factor: float) -> Camera:
        """The same view at another resolution: every pixel becomes factor × factor pixels.

        Pixel *areas* are kept: the edge at −0.5 stays at −0.5.
        """
        x, y = self.centre_px
        height, width = self.image_hw
        return replace(
            self,
            focal_px=self.focal_px * factor,
            centre_px=((x + 0.5) * factor - 0.5, (y + 0.5) * factor - 0.5),
            image_hw=(round(height * factor), round(width * factor)),
        )

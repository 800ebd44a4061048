"""napari showing the clip, a labels layer and a points layer, one frame after another."""

from __future__ import annotations

import time
from collections.abc import Callable

import napari
import numpy as np
from qtpy.QtWidgets import QApplication
from vispy.gloo import gl

from benchmarks.peers import _frames

CANVAS = (1280, 720)
LIMIT_S = 20


class LazyVideo:
    """What napari slices: an array that decodes a frame when it is asked for one."""

    def __init__(self, material: _frames.Material) -> None:
        self._frames = material.frames
        self.shape = material.frames.shape
        self.ndim, self.dtype, self.size = 4, np.dtype(np.uint8), int(np.prod(self.shape))

    def __getitem__(self, key: object) -> np.ndarray:
        return _sliced(self._frames.read, key)


class LazyLabels:
    """The label maps as napari wants them: one array a frame, as large as the frame."""

    def __init__(self, material: _frames.Material) -> None:
        self._material = material
        self.shape = material.frames.shape[:3]
        self.ndim, self.dtype, self.size = 3, np.dtype(np.uint8), int(np.prod(self.shape))

    def __getitem__(self, key: object) -> np.ndarray:
        return _sliced(self._whole, key)

    def _whole(self, index: int) -> np.ndarray:
        labels, x0, y0 = self._material.label_map(index)
        whole = np.zeros(self.shape[1:], np.uint8)
        whole[y0 : y0 + labels.shape[0], x0 : x0 + labels.shape[1]] = labels
        return whole


def _sliced(read: Callable[[int], np.ndarray], key: object) -> np.ndarray:
    """One frame's array by an index of NumPy's kind: a number, or a slice of one, for the frame."""
    index, *rest = key if isinstance(key, tuple) else (key,)
    if isinstance(index, slice):
        return read(index.start or 0)[None][(slice(None), *rest)]
    return read(int(index))[tuple(rest)]


def points(material: _frames.Material) -> np.ndarray:
    """All landmarks as rows of frame, y and x."""
    frames, count, _ = material.landmarks.shape
    index = np.repeat(np.arange(frames), count)[:, None]
    return np.hstack([index, material.landmarks.reshape(-1, 2)[:, ::-1]]).astype(np.float32)


def main() -> None:
    """Measure and print the figures."""
    material = _frames.Material(_frames.folder_from_arguments())
    viewer = napari.Viewer(show=True)
    canvas = viewer.window._qt_viewer.canvas
    widget = canvas.native
    main_window = viewer.window._qt_window
    viewer.add_image(LazyVideo(material), rgb=True, contrast_limits=(0, 255), name="clip")
    viewer.add_labels(LazyLabels(material), opacity=0.4, name="label map")
    viewer.add_points(points(material), size=6, face_color="yellow", name="landmarks")
    QApplication.processEvents()
    main_window.resize(
        main_window.width() + CANVAS[0] - widget.width(),
        main_window.height() + CANVAS[1] - widget.height(),
    )
    QApplication.processEvents()
    viewer.reset_view()
    drawn = [0]
    canvas._scene_canvas.events.draw.connect(lambda event: drawn.__setitem__(0, drawn[0] + 1))

    def show(index: int) -> None:
        before, limit_s = drawn[0], time.perf_counter() + LIMIT_S
        if viewer.dims.current_step[0] == index:
            canvas._scene_canvas.update()
        viewer.dims.set_current_step(0, index)
        while drawn[0] == before:
            QApplication.processEvents()
            if time.perf_counter() > limit_s:
                raise RuntimeError(f"frame {index} was not drawn within {LIMIT_S} s")

    figures = _frames.measure(show, material.frames.shape[0])
    canvas._scene_canvas.set_current()
    renderer = gl.glGetParameter(gl.GL_RENDERER)
    size = f"{widget.width()}x{widget.height()}"
    _frames.tell({"version": napari.__version__, "canvas": size, "opengl": renderer, **figures})
    viewer.close()


if __name__ == "__main__":
    main()

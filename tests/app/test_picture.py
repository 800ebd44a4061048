"""A picture of the window without a screen."""

import cv2
import numpy as np
import pytest

from app.picture import save_window_picture
from core.errors import ResourceError


@pytest.mark.parametrize(("theme", "is_dark"), [("light", False), ("dark", True)])
def test_the_picture_shows_frame_and_theme(tmp_path, project_path, theme, is_dark):
    out = save_window_picture(
        project_path, tmp_path / "window.png", size=(1100, 700), theme=theme, frame=7
    )
    picture = cv2.imread(str(out))
    assert picture.shape == (700, 1100, 3)
    assert (picture[3, -3].mean() < 128) == is_dark
    # The frame's own grey fills more of the canvas than any overlay.
    assert (np.abs(picture.astype(int) - (16 + 9 * 7)).max(axis=2) <= 4).sum() > 20_000


def test_a_picture_of_nothing_is_a_sentence(tmp_path):
    with pytest.raises(ResourceError, match="no such file"):
        save_window_picture(tmp_path / "nothing.lin", tmp_path / "window.png")

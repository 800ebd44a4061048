"""What paths mean."""

import pytest

from app import opening
from app.document import LooseClips
from core.errors import InputError


def touch(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"")
    return path


def test_a_folder_of_videos_is_its_clips(tmp_path):
    clips = [touch(tmp_path / name) for name in ("b.mp4", "a.MOV")]
    touch(tmp_path / "notes.txt")
    assert opening.clips_of(tmp_path) == sorted(clips)


def test_a_folder_of_pictures_is_one_clip(tmp_path):
    touch(tmp_path / "0001.png")
    assert opening.clips_of(tmp_path) == [tmp_path]


@pytest.mark.parametrize("name", ["empty", "study.lin"])
def test_a_folder_of_nothing_says_so(tmp_path, name):
    folder = tmp_path / name
    folder.mkdir()
    with pytest.raises(InputError, match=str(folder)):
        opening.open_paths([folder])


def test_patterns_are_filled_in(tmp_path):
    clip = touch(tmp_path / "a.mp4")
    assert opening.expand([str(tmp_path / "*.mp4")]) == [clip]


def test_a_missing_path_is_named(tmp_path):
    with pytest.raises(InputError, match=r"nothing\.mp4"):
        opening.expand([str(tmp_path / "nothing.mp4")])


def test_a_project_is_opened_by_itself(project_path, clip_path):
    with pytest.raises(InputError, match="by itself"):
        opening.open_paths([project_path, clip_path])
    document = opening.open_paths([project_path])
    assert document.title == "study.lin"
    document.close()


def test_a_file_with_brackets_in_its_name_is_a_file(tmp_path):
    clip = touch(tmp_path / "take[1].mp4")
    assert isinstance(opening.open_paths(opening.expand([str(clip)])), LooseClips)

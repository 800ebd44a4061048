"""Clips are known by content; a clip that moved is found, a missing one blocks nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.annotations.clips import Probe
from core.annotations.project import Project
from core.errors import InputError
from core.video.content_id import content_id


def add(project: Project, path: Path, text: str = "") -> str:
    """Add a clip with a real content id and made-up figures; its id in the project."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text or f"the bytes of {path.name}")
    return project.add_clip(path, Probe(content_id(path), 10, 25.0, 64, 48)).clip_id


@pytest.fixture
def videos(tmp_path) -> Path:
    return tmp_path / "videos"


def missing(project: Project) -> list[str]:
    return [c.clip_id for c in project.clips() if not project.clip_path(c).exists()]


def test_a_clip_is_kept_by_its_relative_path(project, videos):
    clip = project.clip(add(project, videos / "a.mp4"))
    assert clip.rel_path == "../videos/a.mp4"
    assert project.clip_path(clip) == videos / "a.mp4"
    assert project.clip_is_unchanged(clip)


def test_the_same_content_is_one_clip(project, videos):
    first = add(project, videos / "a.mp4", "same")
    assert add(project, videos / "b.mp4", "same") == first
    assert len(project.clips()) == 1


def test_adding_a_moved_clip_finds_it_again(project, videos):
    first = add(project, videos / "a.mp4", "same")
    (videos / "a.mp4").unlink()
    assert add(project, videos / "moved" / "b.mp4", "same") == first
    assert missing(project) == []


def test_project_and_videos_may_move_together(tmp_path, videos):
    with Project.create(tmp_path / "p.lin") as project:
        add(project, videos / "a.mp4")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "p.lin").rename(tmp_path / "elsewhere" / "p.lin")
    videos.rename(tmp_path / "elsewhere" / "videos")
    with Project.open(tmp_path / "elsewhere" / "p.lin") as project:
        assert missing(project) == []


def test_relinking_one_finds_the_others(project, videos, tmp_path):
    names = ["a.mp4", "b.mp4", "sub/c.mp4", "d.mp4"]
    ids = [add(project, videos / name) for name in names]
    moved = tmp_path / "archive"
    videos.rename(moved)
    (moved / "d.mp4").rename(moved / "renamed.mp4")
    assert missing(project) == ids
    found = project.relink(ids[0], moved / "a.mp4")
    assert [clip.clip_id for clip in found] == ids
    assert missing(project) == []
    assert project.clip_path(project.clip(ids[3])) == moved / "renamed.mp4"


def test_a_file_of_the_same_name_with_other_content_is_not_taken(project, videos, tmp_path):
    ids = [add(project, videos / name) for name in ("a.mp4", "b.mp4")]
    videos.rename(tmp_path / "archive")
    (tmp_path / "archive" / "b.mp4").write_text("something else")
    project.relink(ids[0], tmp_path / "archive" / "a.mp4")
    assert missing(project) == [ids[1]]


def test_relinking_to_other_content_is_refused_unless_said_so(project, videos, tmp_path):
    clip_id = add(project, videos / "a.mp4")
    other = tmp_path / "other.mp4"
    other.write_text("other")
    with pytest.raises(InputError, match="content differs"):
        project.relink(clip_id, other)
    known = Probe(content_id(other), 20, 30.0, 64, 48)
    assert project.replace_clip(clip_id, other, known).frames == 20
    assert project.clip(clip_id).frames == 20
    assert project.clip_is_unchanged(project.clip(clip_id))


def test_changed_content_is_seen(project, videos):
    clip = project.clip(add(project, videos / "a.mp4"))
    (videos / "a.mp4").write_text("changed")
    assert not project.clip_is_unchanged(clip)
    (videos / "a.mp4").unlink()
    assert not project.clip_is_unchanged(clip)


def test_a_missing_clip_blocks_nothing(project, videos, samples):
    clip_id = add(project, videos / "a.mp4")
    (videos / "a.mp4").unlink()
    header = samples.header(clip_id=clip_id, frames=10, stop=10)
    writer = project.start_run(header)
    writer.append(0, samples.faces(0))
    writer.seal().close()
    assert project.shown(clip_id, 0)


def test_an_unknown_clip_is_a_sentence(project):
    with pytest.raises(InputError, match="no clip nothing"):
        project.clip("nothing")


def test_a_real_clip_is_looked_into(project, tmp_path):
    import numpy as np

    from core.video.images import write_png_indexed

    picture = tmp_path / "face.png"
    write_png_indexed(picture, np.zeros((48, 64), np.uint8), np.zeros((2, 3), np.uint8))
    clip = project.add_clip(picture)
    assert (clip.frames, clip.width, clip.height) == (1, 64, 48)
    assert clip.content_id == content_id(picture)

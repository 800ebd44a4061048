"""A project folder that is moved or deleted while it is open: no edit goes into nowhere."""

from __future__ import annotations

import shutil

import pytest

from core.annotations.project import Project
from core.errors import StoreError


def test_what_is_no_longer_there_is_not_written_and_says_so(tmp_path):
    folder, elsewhere = tmp_path / "faces.lin", tmp_path / "moved.lin"
    with Project.create(folder) as project:
        project.set_setting("colour", "blue")
        folder.rename(elsewhere)
        with pytest.raises(StoreError, match="moved or deleted while it was open"):
            project.set_setting("colour", "red")
        elsewhere.rename(folder)
        project.set_setting("colour", "green")
    with Project.open(folder, read_only=True) as project:
        assert project.setting("colour") == "green"


def test_another_project_in_its_place_is_not_written(tmp_path):
    folder = tmp_path / "faces.lin"
    with Project.create(folder) as project:
        shutil.copytree(folder, tmp_path / "copy.lin")
        shutil.rmtree(folder)
        shutil.copytree(tmp_path / "copy.lin", folder)
        with pytest.raises(StoreError, match="moved or deleted"):
            project.set_setting("colour", "red")

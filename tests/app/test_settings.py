"""Preferences: typed, sparse, never in the way."""

from pathlib import Path

import pytest
from PySide6.QtCore import QSettings

from app.settings import RECENT_LIMIT, TABLE, Settings


@pytest.mark.parametrize("key", TABLE)
def test_defaults_are_values_the_setting_can_have(settings, key):
    assert settings.value(key) == TABLE[key].default


def test_a_value_is_there_after_a_restart(tmp_path):
    file = str(tmp_path / "a.ini")
    first = Settings(QSettings(file, QSettings.Format.IniFormat))
    first.set_value("annotator", "Zoë, “quoted”")
    first.sync()
    assert Settings(QSettings(file, QSettings.Format.IniFormat)).value("annotator") == (
        "Zoë, “quoted”"
    )


@pytest.mark.parametrize("text", ["{broken", "7", '"plaid"', "null"])
def test_what_cannot_be_read_counts_as_the_default(tmp_path, text):
    store = QSettings(str(tmp_path / "a.ini"), QSettings.Format.IniFormat)
    store.setValue("settings/theme", text)
    assert Settings(store).value("theme") == "system"


@pytest.mark.parametrize(
    ("key", "value"), [("theme", "plaid"), ("frame_cache_mib", 1), ("read_ahead", 1)]
)
def test_a_value_the_setting_cannot_have_is_refused(settings, key, value):
    with pytest.raises(ValueError, match=key):
        settings.set_value(key, value)


def test_the_default_is_not_stored(tmp_path):
    store = QSettings(str(tmp_path / "a.ini"), QSettings.Format.IniFormat)
    settings = Settings(store)
    settings.set_value("theme", "dark")
    settings.set_value("theme", "system")
    assert not store.contains("settings/theme")


def test_a_change_is_told_once(qtbot, settings):
    told = []
    settings.changed.connect(told.append)
    settings.set_value("theme", "dark")
    settings.set_value("theme", "dark")
    assert told == ["theme"]


def test_the_newest_file_is_first_and_the_list_is_short(settings):
    for number in range(RECENT_LIMIT + 3):
        settings.add_recent(Path(f"/clips/{number}.mp4"))
    settings.add_recent(Path("/clips/9.mp4"))
    recent = settings.value("recent")
    assert len(recent) == RECENT_LIMIT
    assert recent[0].endswith("9.mp4")
    assert len(set(recent)) == len(recent)

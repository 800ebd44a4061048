"""The action table: every action can be reached, no key belongs to two."""

import pytest

from app.action_table import GROUP_STARTS, MENUS, PRESETS, SUBMENUS, TABLE
from app.actions import conflicts, normalise, resolve_keys
from app.dialogs.key_sheet import sheet_html
from app.dialogs.settings_dialog import KeysPage


@pytest.mark.parametrize("preset", PRESETS)
def test_no_preset_gives_a_key_to_two_actions(preset):
    assert conflicts(resolve_keys(preset, {})) == {}


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_name_actions_and_keys_that_exist(preset):
    known = {spec.id for spec in TABLE}
    assert set(PRESETS[preset]) <= known
    assert all(normalise(key) for keys in PRESETS[preset].values() for key in keys)


def test_ids_are_unique_and_groups_name_them():
    ids = [spec.id for spec in TABLE]
    assert len(ids) == len(set(ids))
    assert set(ids) >= GROUP_STARTS
    assert {spec.menu for spec in TABLE} == {*MENUS, *SUBMENUS}


def test_a_shared_key_is_found_in_any_spelling():
    keys = resolve_keys("Default", {"fit": ["ctrl+g"]})
    assert conflicts(keys) == {"Ctrl+G": ["go_to", "fit"]}


def test_own_keys_win_over_the_preset_and_unknown_ones_are_left_out():
    keys = resolve_keys("CVAT", {"next_frame": ["X"], "no_such_action": ["Y"]})
    assert keys["next_frame"] == ("X",)
    assert keys["previous_frame"] == ("D",)
    assert "no_such_action" not in keys
    assert resolve_keys("of another version", {})["next_frame"] == ("Right", "D")


def test_the_sheet_names_every_action(qapp):
    html = sheet_html(resolve_keys("Default", {}))
    assert all(spec.help.replace("&", "&amp;").replace("'", "&#x27;") in html for spec in TABLE)


def test_every_action_is_in_its_menu(open_main):
    window = open_main(wait=False)
    for spec in TABLE:
        assert window.actions_by_id[spec.id] in window.menus[spec.menu].actions()


def test_a_key_given_to_one_action_is_taken_from_the_other(qtbot, settings):
    page = KeysPage(settings)
    qtbot.addWidget(page)
    page.set_key("fit", "Ctrl+G")
    keys = page.keys()
    assert keys["fit"] == ("Ctrl+G",)
    assert keys["go_to"] == ("Ctrl+J",)
    assert conflicts(keys) == {}


def test_a_new_preset_acts_at_once(open_main, clip_path):
    window = open_main(clip_path)
    window.session.settings.set_value("key_preset", "CVAT")
    shown = [s.toString() for s in window.actions_by_id["next_frame"].shortcuts()]
    assert shown == ["F"]


def test_no_two_entries_of_a_menu_share_an_underlined_letter(open_main):
    window = open_main(wait=False)
    for title, menu in window.menus.items():
        texts = [entry.text() for entry in menu.actions() if "&" in entry.text()]
        letters = [text[text.index("&") + 1].lower() for text in texts]
        assert len(set(letters)) == len(letters), (title, sorted(texts))

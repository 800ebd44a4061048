"""The user guide says what the program does: its menus, keys, links and pictures are there."""

import re
from pathlib import Path

import pytest
from PySide6.QtGui import QKeySequence

from app.action_table import MENUS, SUBMENUS, TABLE
from docs.guide_pictures.making import LARGEST_BYTES
from docs.guide_pictures.pages import PICTURES as MADE

GUIDE = Path(__file__).parents[2] / "docs" / "guide"
PAGES = sorted(GUIDE.glob("*.md"))
PICTURES = Path(__file__).parents[2] / "docs" / "pictures" / "guide"

ENTRY = re.compile(r"\*(?P<menu>[A-Z][\w ]*) → (?P<text>[^*]+)\*(?: \((?P<keys>[^)]*)\))?")
KEY = re.compile(
    r"(?<![\w+])((?:(?:Ctrl|Shift|Alt)\+)+(?:[A-Z][A-Za-z]+\b|F\d+|[^\s`|*,;)])|F\d+\b)"
)
SPELLING = {
    "←": "Left",
    "→": "Right",
    "↑": "Up",
    "↓": "Down",
    "Enter": "Return",
    "PageUp": "PgUp",
    "PageDown": "PgDown",
    "Delete": "Del",
}
"""How people call keys → how Qt does."""
OTHER_MENUS = {"Open recent", "Panels"}
"""Menus inside menus that hold no actions of the table."""


def normal_key(text):
    """A key in Qt's spelling; empty if it is none."""
    *held, last = re.split(r"\+(?=.)", text.strip("` "))
    last = SPELLING.get(last, last)
    return QKeySequence("+".join([*held, last])).toString(QKeySequence.SequenceFormat.PortableText)


def plain(text):
    """A menu's text without access key and dots."""
    return text.replace("&", "").removesuffix("…")


ACTIONS = {(spec.menu, plain(spec.text)): spec for spec in TABLE}
KEYS = {normal_key(key) for spec in TABLE for key in spec.keys}


def test_keys_are_found_in_running_text():
    text = "Ctrl+Shift+C, or `Shift+M`; (Ctrl+[) and Alt+Right, F11. Ctrl+. too."
    found = [normal_key(key) for key in KEY.findall(text)]
    assert found == ["Ctrl+Shift+C", "Shift+M", "Ctrl+[", "Alt+Right", "F11", "Ctrl+."]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_menu_entry_is_there_with_its_key(page):
    for found in ENTRY.finditer(page.read_text(encoding="utf-8").replace("\n", " ")):
        menu, text, keys = found["menu"], plain(found["text"]), found["keys"]
        if text in {sub for sub, of in SUBMENUS.items() if of == menu} | OTHER_MENUS:
            continue
        assert menu in (*MENUS, *SUBMENUS), f"{page.name}: there is no menu {menu}"
        spec = ACTIONS.get((menu, text))
        assert spec, f"{page.name}: {menu} has no “{text}”"
        own = {normal_key(key) for key in spec.keys}
        said = [normal_key(key) for key in re.split(r" or |, ", keys or "")]
        # What stands in brackets behind an entry may be a remark; a key it is if Qt knows it.
        for key in [key for key in said if key and (len(key) == 1 or key in KEYS)]:
            assert key in own, f"{page.name}: “{text}” has {own}, not {key}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_key_does_something(page):
    for key in KEY.findall(page.read_text(encoding="utf-8")):
        assert normal_key(key) in KEYS, f"{page.name}: no action has the key {key}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert target.startswith("https://") or (page.parent / target).exists(), target


def test_the_index_names_every_page():
    index = (GUIDE / "README.md").read_text(encoding="utf-8")
    linked = set(re.findall(r"\]\((\w[\w-]*\.md)\)", index))
    assert linked == {page.name for page in PAGES} - {"README.md"}


def test_pictures_are_made_used_and_small():
    files = {path.stem: path.stat().st_size for path in PICTURES.glob("*.png")}
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    used = set(re.findall(r"pictures/guide/([\w-]+)\.png", text))
    assert set(files) == set(MADE) == used
    assert max(files.values()) <= LARGEST_BYTES
    assert sum(files.values()) <= 3_000_000

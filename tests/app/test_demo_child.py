"""The demo made from the first page: progress, success, failure, and no child left behind."""

import pytest

from app import demo_child
from app.demo_child import DemoChild, in_words
from app.messages import MessageHub


@pytest.fixture
def run(qtbot, qapp, tmp_path, monkeypatch):
    """Runs a script in the place of the program, and gives child and hub."""
    children = []

    def start(script):
        program = tmp_path / "main.py"
        program.write_text(script)
        monkeypatch.setattr(demo_child.paths, "main_script", lambda: program)
        hub = MessageHub()
        children.append(DemoChild(hub, hub))
        children[-1].start(tmp_path / "demo")
        return children[-1], hub

    yield start
    for child in children:
        child.close()
        assert not child.is_running


def test_progress_is_told_and_the_project_opened(qtbot, run, tmp_path):
    child, hub = run('import sys; print(\'{"stage": "predict", "done": 5, "total": 9}\')')
    with qtbot.waitSignal(child.made, timeout=20_000) as made:
        pass
    assert made.args == [str(tmp_path / "demo" / "demo.lin")]
    assert "Making the demo: predict 5 of 9" in [message.text for message in hub.history]


def test_a_failure_is_one_sentence_with_the_log_behind_it(qtbot, run):
    _, hub = run('import sys; print(\'{"error": "The disk is full."}\'); sys.exit(2)')
    qtbot.waitUntil(lambda: hub.history[-1].level == "error", timeout=20_000)
    assert hub.history[-1].text == "The demo could not be made: The disk is full."
    assert "disk is full" in hub.history[-1].details


def test_closing_ends_the_child(run):
    child, _ = run("import time; time.sleep(600)")
    assert child.is_running
    child.close()
    assert not child.is_running


@pytest.mark.parametrize("line", ["", "plain words", "[1]", '{"other": 1}', '{"stage": null}'])
def test_what_is_no_event_says_nothing(line):
    assert in_words(line) == ""

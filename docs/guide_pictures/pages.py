"""The pictures, a page's together: one function each, named like its file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDockWidget, QTabWidget, QWidget

from app.dialogs.export_dialog import ExportDialog
from app.dialogs.settings_dialog import SettingsDialog
from app.dialogs.train_dialog import TrainDialog
from app.picture import wait_until
from docs.guide_pictures.stage import Stage

PICTURES: dict[str, Picture] = {}


@dataclass(frozen=True)
class Picture:
    """What is needed to make one picture."""

    make: Callable[[Stage], QWidget | None]
    """Drives the window; returns what to take when that is not the window."""
    project: str
    """"demo", "pair" (two people at once) or "" (nothing open)."""
    size: tuple[int, int]
    theme: str


def picture(
    project: str = "demo", size: tuple[int, int] = (1280, 800), theme: str = "light"
) -> Callable[[Callable[[Stage], QWidget | None]], Callable[[Stage], QWidget | None]]:
    """Register a function as the maker of the picture of its name, with "-" for "_"."""

    def register(make: Callable[[Stage], QWidget | None]) -> Callable[[Stage], QWidget | None]:
        PICTURES[make.__name__.replace("_", "-")] = Picture(make, project, size, theme)
        return make

    return register


@picture(project="")
def first_page(stage: Stage) -> None:
    """Getting started: nothing open yet."""


@picture()
def window_parts(stage: Stage) -> None:
    """Getting started: the window with a predicted clip."""
    stage.go(40)


@picture(theme="dark")
def window_dark(stage: Stage) -> None:
    """Settings: the same in dark colours."""
    stage.go(40)


@picture()
def predict_dialog(stage: Stage) -> QWidget:
    """Predicting a clip."""
    return stage.dialog("predict")


@picture()
def export_dialog(stage: Stage) -> QWidget:
    """Exporting."""
    return stage.dialog("export")


@picture()
def import_dialog(stage: Stage) -> QWidget:
    """Importing."""
    return stage.dialog("import")


@picture()
def train_dialog(stage: Stage) -> QWidget:
    """Training, on approved frames; without the command, which names this machine's folders."""
    stage.session.set_range((10, 50))
    stage.do("approve_range")
    dialog = stage.dialog("train")
    assert isinstance(dialog, TrainDialog)
    dialog.command.hide()
    dialog.resize(dialog.minimumSizeHint())
    return dialog


@picture()
def finished_job(stage: Stage) -> QWidget:
    """Exporting: what the Jobs panel says at the end."""
    dialog = stage.dialog("export")
    assert isinstance(dialog, ExportDialog)
    dialog.format.setCurrentIndex(dialog.format.findData("csv"))
    dialog.go.click()
    jobs = stage.window.job_desk.jobs
    wait_until(lambda: bool(jobs.watches) and not jobs.running, 120_000)
    stage.settle()
    dock = stage.window.findChild(QDockWidget, "jobs")
    assert isinstance(dock, QDockWidget)
    return dock


@picture(size=(900, 620))
def drag_a_landmark(stage: Stage) -> QWidget:
    """Correcting: one landmark on its way, with the ghost of where it was."""
    stage.points_only(40)
    stage.drag(stage.place(33), QPoint(26, 22), let_go=False)
    return stage.window.canvas


@picture(size=(900, 620))
def bend_the_jaw(stage: Stage) -> QWidget:
    """Correcting: a contour bent by one of its landmarks."""
    stage.points_only(40)
    control = Qt.KeyboardModifier.ControlModifier
    stage.drag(stage.place(4), QPoint(-38, 16), control, let_go=False)
    return stage.window.canvas


@picture(size=(900, 620))
def turn_a_part(stage: Stage) -> QWidget:
    """Correcting: a selected part with its handles."""
    stage.points_only(40)
    stage.click(stage.place(48))
    stage.do("select_part_8")
    return stage.window.canvas


@picture()
def review_states(stage: Stage) -> None:
    """Reviewing: approved, edited and predicted frames on the timeline, markers and a range."""
    stage.go(12)
    stage.select_face()
    stage.drag(stage.place(30), QPoint(6, 4))
    stage.do("approve")
    for frame_idx in (13, 14, 15, 16):
        stage.go(frame_idx)
        stage.do("approve")
    for frame_idx in (24, 60):
        stage.session.toggle_marker(frame_idx)
    stage.go(24)
    stage.do("accept")
    stage.session.set_range((30, 50))
    stage.settle()


@picture()
def missing_clip(stage: Stage) -> None:
    """When something goes wrong: the clip is not where it was."""
    project = stage.folder / "demo.lin"
    stage.do("close")
    (stage.folder / "clip.mp4").rename(stage.folder / "moved.mp4")
    stage.window.files.open_texts([str(project)])
    wait_until(lambda: bool(stage.window.banner.text))
    stage.settle()


@picture(size=(900, 720))
def keys_sheet(stage: Stage) -> QWidget:
    """Settings and keys: the F1 sheet."""
    return stage.dialog("keys_sheet")


@picture(project="pair")
def two_people(stage: Stage) -> None:
    """People: two faces in one frame, one selected."""
    stage.go(10)
    stage.select_face(1)
    stage.settle()


@picture(project="pair", size=(900, 620))
def draw_a_box(stage: Stage) -> QWidget:
    """People: the box of a missed face being drawn."""
    stage.go(10)
    stage.select_face(0)
    stage.do("delete_face")
    stage.do("fold_panels")
    stage.do("add_face")
    stage.drag(stage.canvas_place((70, 90)), QPoint(210, 270), let_go=False)
    return stage.window.canvas


@picture(size=(900, 620))
def two_runs(stage: Stage) -> QWidget:
    """Comparing: one run left of the divider, another right of it."""
    stage.canvas_only(24)
    stage.do("compare")
    stage.settle()
    return stage.window.canvas


@picture(size=(900, 620))
def compare_over(stage: Stage) -> QWidget:
    """Comparing: both runs over each other."""
    stage.canvas_only(24)
    stage.do("compare")
    stage.do("compare_over")
    return stage.window.canvas


@picture(project="pair")
def play_and_inspect(stage: Stage) -> None:
    """Playing: two people on the timeline, a range, a mark, colours by confidence."""
    stage.go(20)
    stage.session.set_range((12, 30))
    stage.do("toggle_marker")
    for layer in ("contours", "points"):
        stage.session.set_layer(layer, colour_by="confidence")
    stage.settle()


@picture(size=(900, 620))
def magnifier(stage: Stage) -> QWidget:
    """Playing: the selected face levelled and large."""
    stage.go(40)
    stage.do("fold_panels")
    stage.select_face()
    stage.do("magnifier")
    return stage.window.canvas


@picture()
def settings_dialog(stage: Stage) -> QWidget:
    """Settings."""
    return stage.dialog("settings")


@picture()
def settings_keys(stage: Stage) -> QWidget:
    """Settings: finding an action and giving it a key."""
    dialog = stage.dialog("settings")
    assert isinstance(dialog, SettingsDialog)
    dialog.findChild(QTabWidget).setCurrentWidget(dialog.keys_page)
    dialog.keys_page.search.setText("approve")
    stage.settle()
    return dialog


@picture()
def correlation_matrix(stage: Stage) -> None:
    """Landmark correlation: a pair under the mouse, the nose pinned."""
    _correlated(stage)
    stage.window.correlation.toggle_pin(30)
    dock = stage.window.correlation_dock
    QTest.mouseMove(dock.map, dock.map.position_of(62, 66))


@picture(theme="dark")
def sparse_format(stage: Stage) -> None:
    """Landmark correlation: ten landmarks that stand for all."""
    _correlated(stage)
    dock = stage.window.correlation_dock
    dock.pages.setCurrentWidget(dock.sparse)
    assert wait_until(lambda: len(dock.sparse.points) == 10, 120_000)


def _correlated(stage: Stage) -> None:
    """The dock in front, all faces read."""
    stage.go(40)
    stage.do("heat_map")
    live = stage.window.correlation.live
    assert wait_until(lambda: live.shown is not None and not live.is_reading, 60_000)

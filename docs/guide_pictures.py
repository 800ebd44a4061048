"""The user guide's pictures, made from the running program: `make docs-pictures`.

    python -m docs.guide_pictures [NAME…] [--demo out/demo] [--out docs/pictures/guide]

One function a picture, named like its file: it is given the open window on a fresh copy of a
project, drives it as a person would, and says what to take. Only faces the project renders itself
are shown: the demo's clip, and one joined from its two people. The same program on the same machine
makes the same bytes. A picture is stored with 256 colours, which keeps each below 200 KB.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")  # before Qt is imported

import numpy as np
from PIL import Image
from PySide6.QtCore import QPoint, QPointF, QSettings, Qt, qInstallMessageHandler
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QDockWidget, QWidget

from app import convert
from app.application import build_window
from app.dialogs.export_dialog import ExportDialog
from app.dialogs.train_dialog import TrainDialog
from app.main_window import MainWindow
from app.messages import MessageHub
from app.picture import wait, wait_until
from app.settings import Settings

ROOT = Path(__file__).parents[1]
OUT = ROOT / "docs" / "pictures" / "guide"
LARGEST_BYTES = 200_000
COLOURS = 256
_SEEN = 12
"""Difference of a colour that is noticed, of 255."""
_LEFT = Qt.MouseButton.LeftButton
_NO_KEY = Qt.KeyboardModifier.NoModifier

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
    project: str = "demo", size: tuple[int, int] = (1120, 720), theme: str = "light"
) -> Callable[[Callable[[Stage], QWidget | None]], Callable[[Stage], QWidget | None]]:
    """Register a function as the maker of the picture of its name, with "-" for "_"."""

    def register(make: Callable[[Stage], QWidget | None]) -> Callable[[Stage], QWidget | None]:
        PICTURES[make.__name__.replace("_", "-")] = Picture(make, project, size, theme)
        return make

    return register


class Stage:
    """The open window, and what a person does with it."""

    def __init__(self, window: MainWindow, folder: Path) -> None:
        self.window = window
        self.session = window.session
        self.folder = folder
        """Where the project lies; anything may be written beside it."""

    def do(self, action_id: str) -> None:
        """What a menu or its key does."""
        self.window.actions_by_id[action_id].trigger()
        self.settle()

    def go(self, frame_idx: int) -> None:
        """Be at a frame."""
        self.session.set_frame(frame_idx)
        self.settle()

    def settle(self) -> None:
        """Wait until the frame is there and the timeline has been read."""
        session = self.session
        if session.clip is not None:
            wait_until(lambda: session.shown_frame_idx == session.frame_idx)
        wait_until(lambda: not self.window.column_loader.is_reading)
        wait(60)

    def canvas_only(self, frame_idx: int) -> None:
        """The face of a frame as large as the window."""
        self.go(frame_idx)
        self.do("fold_panels")
        self.do("zoom_face")

    def select_face(self, index: int = 0) -> None:
        """Select a face of the frame."""
        faces = sorted(self.session.faces(self.session.frame_idx), key=lambda f: f.track_id)
        self.session.select_face(faces[index].track_id)

    def place(self, landmark: int, face: int = 0) -> QPoint:
        """Where a landmark is on the canvas."""
        faces = sorted(self.session.faces(self.session.frame_idx), key=lambda f: f.track_id)
        return self.canvas_place(faces[face].landmarks[landmark])

    def canvas_place(self, xy: Sequence[float]) -> QPoint:
        """Where a place of the frame is on the canvas."""
        x, y = convert.scene_from_image(np.asarray(xy, float))
        return self.window.canvas.mapFromScene(QPointF(float(x), float(y)))

    def click(self, at: QPoint, keys: Qt.KeyboardModifier = _NO_KEY) -> None:
        """Click on the canvas."""
        QTest.mouseClick(self.window.canvas.viewport(), _LEFT, keys, at)
        self.settle()

    def drag(
        self, start: QPoint, by: QPoint, keys: Qt.KeyboardModifier = _NO_KEY, let_go: bool = True
    ) -> None:
        """Drag on the canvas; without letting go the picture shows the middle of it."""
        viewport = self.window.canvas.viewport()
        QTest.mousePress(viewport, _LEFT, keys, start)
        for part in (0.2, 0.6, 1.0):
            QTest.mouseMove(viewport, start + by * part)
            wait(20)
        if let_go:
            QTest.mouseRelease(viewport, _LEFT, keys, start + by)
            self.settle()

    def dialog(self, action_id: str) -> QDialog:
        """Open a dialog by its action."""
        self.do(action_id)
        open_ones = [w for w in QApplication.topLevelWidgets() if isinstance(w, QDialog)]
        return next(w for w in open_ones if w.isVisible())


# The pictures, a page's together


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
    stage.canvas_only(40)
    stage.drag(stage.place(33), QPoint(26, 22), let_go=False)
    return stage.window.canvas


@picture(size=(900, 620))
def bend_the_jaw(stage: Stage) -> QWidget:
    """Correcting: a contour bent by one of its landmarks."""
    stage.canvas_only(40)
    control = Qt.KeyboardModifier.ControlModifier
    stage.drag(stage.place(4), QPoint(-38, 16), control, let_go=False)
    return stage.window.canvas


@picture(size=(900, 620))
def turn_a_part(stage: Stage) -> QWidget:
    """Correcting: a selected part with its handles."""
    stage.canvas_only(40)
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


@picture()
def settings_dialog(stage: Stage) -> QWidget:
    """Settings."""
    return stage.dialog("settings")


# Making them


def make(name: str, projects: Path, out: Path) -> Path:
    """Make one picture.

    Args:
        name: Of the picture.
        projects: Folder with `demo` and `pair`, each a clip and a project.
        out: Folder to write to.

    Returns:
        The file.
    """
    wanted = PICTURES[name]
    with _copy_of(projects / wanted.project if wanted.project else None) as folder:
        with _window(wanted, folder) as stage:
            what = wanted.make(stage) or stage.window
            image = what.grab().toImage()
            for widget in QApplication.topLevelWidgets():
                if isinstance(widget, QDialog):
                    widget.close()
    return _save(image, out / f"{name}.png")


@contextmanager
def _copy_of(source: Path | None) -> Iterator[Path]:
    """The project's folder, copied to a place whose name is always the same: dialogs show it."""
    folder = Path(tempfile.gettempdir()) / "lineament-guide"
    shutil.rmtree(folder, ignore_errors=True)
    if source is None:
        folder.mkdir()
    else:
        shutil.copytree(source, folder)
    yield folder
    shutil.rmtree(folder)


@contextmanager
def _window(wanted: Picture, folder: Path) -> Iterator[Stage]:
    app = QApplication.instance() or QApplication(["lineament"])
    assert isinstance(app, QApplication)
    app.setCursorFlashTime(0)
    before = qInstallMessageHandler(_relay)
    with tempfile.TemporaryDirectory() as place:
        settings = Settings(QSettings(str(Path(place) / "w.ini"), QSettings.Format.IniFormat))
        settings.set_value("theme", wanted.theme)
        window = build_window(app, settings, MessageHub())
        window.resize(*wanted.size)
        window.show()
        stage = Stage(window, folder)
        if wanted.project:
            opened = window.files.open_texts([str(next(folder.glob("*.lin")))])
            assert opened, window.session.hub.history[-1].text
            assert wait_until(lambda: window.session.shown_frame_idx >= 0), "no first frame"
        stage.settle()
        yield stage
        window.close()
    qInstallMessageHandler(before)


def _relay(kind: object, context: object, text: str) -> None:
    if "propagateSizeHints" not in text:
        print(text, file=sys.stderr)


def _save(image: QImage, path: Path) -> Path:
    """Store with a palette of its own.

    Raises:
        ValueError: If it is too large all the same.
    """
    rgb = convert.rgb_from_image(image.convertToFormat(QImage.Format.Format_RGB32))
    reduced = with_palette(Image.fromarray(rgb))
    path.parent.mkdir(parents=True, exist_ok=True)
    reduced.save(path, optimize=True)
    size = path.stat().st_size
    if size > LARGEST_BYTES:
        raise ValueError(f"{path.name} takes {size:,} bytes; {LARGEST_BYTES:,} are allowed")
    return path


def with_palette(image: Image.Image) -> Image.Image:
    """The picture in COLOURS colours: most for what there is much of, the rest for what that lacks.

    Median cut alone forgets the few pixels of a glyph or the cursor, whose colour says something.
    """
    common = image.quantize(COLOURS * 3 // 4, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    rgb = np.asarray(image).astype(int)
    error = np.abs(rgb - np.asarray(common.convert("RGB"))).max(axis=2)
    ill_served = rgb[error > _SEEN]
    colours = common.getpalette() or []
    if len(ill_served):
        rest = Image.fromarray(ill_served[None].astype(np.uint8))
        found = rest.quantize(COLOURS // 4, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
        colours = [*colours, *(found.getpalette() or [])]
    palette = Image.new("P", (1, 1))
    palette.putpalette(colours[: 3 * COLOURS])
    return image.quantize(palette=palette, dither=Image.Dither.NONE)


# The projects they show


def prepare(demo: Path, projects: Path, frames: int = 50) -> None:
    """Make the folders `demo` and `pair` (so many frames long) from the demo's results."""
    shutil.copytree(demo / "demo.lin", projects / "demo" / "demo.lin")
    shutil.copy(demo / "clip.mp4", projects / "demo" / "clip.mp4")
    (projects / "pair").mkdir()
    join_people(projects / "demo", projects / "pair", frames)


def join_people(demo: Path, out: Path, frames: int, half: int = 320) -> None:
    """A clip with both people of the demo side by side, and its run: their records, moved.

    Args:
        demo: Folder of the demo's clip and project.
        out: Folder for clip.mp4 and pair.lin.
        frames: Length of the clip.
        half: Width of each one's half, pixels.
    """
    from core.annotations.project import Project
    from core.annotations.records import RunHeader
    from core.video.reader import VideoReader
    from core.video.writer import VideoWriter

    with Project.open(demo / "demo.lin", read_only=True) as project:
        clip_id = project.clips()[0].clip_id
        tracks = [track.track_id for track in project.tracks(clip_id)][:2]
        scheme = next(r.landmark_scheme for r in project.runs(clip_id) if r.landmark_scheme)
        spans = [_span(project, clip_id, track, frames) for track in tracks]
        with VideoReader(demo / "clip.mp4") as reader:
            with VideoWriter(
                out / "clip.mp4", 2 * half, reader.info.height, reader.info.fps
            ) as writer:
                for k in range(frames):
                    parts = [
                        reader.frame(start + k)[:, left : left + half] for start, left in spans
                    ]
                    writer.write(np.ascontiguousarray(np.concatenate(parts, axis=1)))
        rows = [
            [
                _moved(project.shown(clip_id, start + k), track, place * half - left)
                for place, (track, (start, left)) in enumerate(zip(tracks, spans, strict=True))
            ]
            for k in range(frames)
        ]
    with Project.create(out / "pair.lin") as project:
        clip = project.add_clip(out / "clip.mp4")
        header = RunHeader(
            "", clip.clip_id, "predict", "landmarks-68", clip.frames, 0, clip.frames,
            landmark_scheme=scheme, mask_schemes=tuple(rows[0][0].label_maps),
        )  # fmt: skip
        run = project.start_run(header)
        for k, faces in enumerate(rows):
            run.append(k, faces)
        run.seal().close()


def _span(project, clip_id: str, track: int, frames: int) -> tuple[int, int]:  # noqa: ANN001
    """First frame of a stretch a face is on, and the left edge of a half with it in the middle."""
    clip = project.clips()[0]
    there = [
        k for k in range(clip.frames)
        if any(face.track_id == track for face in project.shown(clip_id, k, masks=False))
    ]  # fmt: skip
    start = there[max((len(there) - frames) // 2, 0)]
    face = next(f for f in project.shown(clip_id, start, masks=False) if f.track_id == track)
    middle = float(face.box_xyxy[[0, 2]].mean())
    return start, int(np.clip(middle - 160, 0, clip.width - 320))


def _moved(faces: Sequence, track: int, by_x: int):  # noqa: ANN202
    """A person's record with everything moved sideways."""
    from core.annotations.records import FaceRecord
    from core.masks.label_map import LabelMap

    face = next(f for f in faces if f.track_id == track)
    shift = np.array([by_x, 0], np.float32)
    maps = {
        name: LabelMap(one.labels, one.x0 + by_x, one.y0) for name, one in face.label_maps.items()
    }
    return FaceRecord(
        track_id=track,
        box_xyxy=face.box_xyxy + np.tile(shift, 2),
        score=face.score,
        landmarks=face.landmarks + shift,
        landmark_scores=face.landmark_scores,
        visible=face.visible,
        source=face.source,
        label_maps=maps,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the named pictures, or all."""
    parser = argparse.ArgumentParser(prog="python -m docs.guide_pictures")
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--demo", type=Path, default=ROOT / "out" / "demo")
    parser.add_argument("--out", type=Path, default=OUT)
    args = parser.parse_args(arguments)
    if unknown := set(args.names) - set(PICTURES):
        parser.error(f"no {', '.join(sorted(unknown))}; there are {', '.join(sorted(PICTURES))}")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = os.environ["XDG_DATA_HOME"] = f"{folder}/home"
        prepare(args.demo, Path(folder))
        for name in args.names or PICTURES:
            path = make(name, Path(folder), args.out)
            print(f"{path.stat().st_size:9,} bytes  {path.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The window: canvas in the middle, docks around it, time below, messages at the foot."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QKeyEvent
from PySide6.QtWidgets import (
    QMainWindow,
)

from app.actions import Actions
from app.canvas.banner import Banner, ReadOnlyStrip
from app.canvas.compare_view import CompareView
from app.canvas.correlation_marks import CorrelationMarks
from app.canvas.frame_feed import FrameFeed
from app.canvas.magnifier import Magnifier
from app.canvas.tools.box_tools import BoxTools
from app.canvas.tools.correction import Correction
from app.canvas.video_view import VideoView
from app.clip_check import ClipCheck
from app.column_loader import ColumnLoader
from app.correlation.state import Correlation
from app.docks.clips_dock import ClipsDock
from app.docks.correlation_dock import CorrelationDock
from app.docks.job_strip import JobStrip
from app.docks.jobs_dock import JobsDock
from app.docks.landmarks_dock import LandmarksDock
from app.docks.layers_dock import LayersDock
from app.docks.runs_dock import RunsDock
from app.docks.training_dock import TrainingCommands, TrainingDock
from app.docks.transport_bar import TransportBar
from app.files import Files
from app.held_keys import HeldKeys
from app.help import Help
from app.job_desk import JobDesk
from app.layer_commands import LayerCommands
from app.menus import build_menus, build_tool_bar
from app.message_bar import MessageBar
from app.navigator import Navigator
from app.panels import BOTTOM, LEFT, RIGHT, Panel, Panels, Scrolled, stacked
from app.people.people import People
from app.playback import Player
from app.preload import Preload
from app.review import Review
from app.runs import Runs
from app.session import Session
from app.timeline.timeline_panel import TimelinePanel
from app.welcome import WelcomePage
from app.window_look import WindowLook


class MainWindow(QMainWindow):
    """Puts the parts together; what they do is in the parts.

    Signals:
        closed: The window has been closed and its threads have ended. The application listens.
    """

    closed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        session.setParent(self)
        self.setObjectName("main_window")
        self.setAcceptDrops(True)
        self.look = WindowLook(session.settings, self)
        self.panels = Panels(self, session.settings)
        self.canvas = VideoView(session, self)
        self.files = Files(session, self)
        self.navigator = Navigator(session)
        self.player = Player(session)
        self.review = Review(session, self.navigator)
        self.runs = Runs(session, self.navigator, self)
        self.compare_view = CompareView(session, self.canvas)
        self.magnifier = Magnifier(session, self.canvas)
        self.layer_commands = LayerCommands(session)
        self.correlation = Correlation(session)
        self.correlation_marks = CorrelationMarks(session, self.canvas, self.correlation)
        self.correction = Correction(session, self.canvas)
        self.people = People(session, self.navigator, self.canvas.shown_rgb)
        self.boxes = BoxTools(session, self.canvas, self.people, self.correction.selection)
        self.help = Help(session, self)
        self.job_desk = JobDesk(session, self, self.files.open_texts)
        self.training = TrainingCommands(session, self.job_desk, self)
        self._may_close = False
        self.actions_by_id = self._build_actions()
        self.help.keys_of = lambda: self.actions_by_id.keys
        self.held_keys = HeldKeys(session, self.canvas, self.player, self.actions_by_id)
        self.feed = FrameFeed(session, self.canvas)
        self.column_loader = ColumnLoader(session)
        self.preload = Preload(session)
        self.banner, self.read_only_strip = Banner(self), ReadOnlyStrip(session, self)
        self.clip_check = ClipCheck(session, self.banner)
        self.welcome = WelcomePage(self.actions_by_id, session.settings, self)
        self.transport = TransportBar(session, self.player, self.actions_by_id, self)
        self.timeline = TimelinePanel(session, self)
        self.message_bar = MessageBar(session.hub, self)
        self.panels.fill(self.welcome, [self.read_only_strip, self.banner, self.canvas])
        self._add_docks()
        self._fill_status_bar()
        self._connect()
        self.menus = build_menus(self, self.actions_by_id, session.settings, self.panels.docks)
        self.tool_bar = build_tool_bar(self, self.actions_by_id)
        self.panels.tool_bar = self.tool_bar
        self.look.start(self.actions_by_id)
        self._show_document()
        self.panels.restore()

    # Slots of the action table

    def undo(self) -> None:
        """Take back the last edit."""
        self.session.undo_stack.undo()

    def redo(self) -> None:
        """Do again what was taken back."""
        self.session.undo_stack.redo()

    def go_to(self) -> None:
        """Let the person type where to go."""
        self.transport.go_to_box.begin()

    def show_settings(self) -> None:
        """Open the preferences."""
        from app.dialogs.settings_dialog import SettingsDialog

        SettingsDialog(self.session.settings, self).open()

    def show_whole_timeline(self) -> None:
        """Zoom the timeline out."""
        self.timeline.view.show_whole()

    def set_full_screen(self, full: bool) -> None:
        """Fill the screen, or leave it."""
        self.setWindowState(
            self.windowState() | Qt.WindowState.WindowFullScreen
            if full
            else self.windowState() & ~Qt.WindowState.WindowFullScreen
        )

    # Building

    def _build_actions(self) -> Actions:
        parts = {
            "files": self.files,
            "go": self.navigator,
            "player": self.player,
            "canvas": self.canvas,
            "layers": self.layer_commands,
            "help": self.help,
            "review": self.review,
            "runs": self.runs,
            "correlation": self.correlation,
            "training": self.training,
            "magnifier": self.magnifier,
            **self.correction.parts(),
            **self.people.parts(),
            "boxes": self.boxes,
            "jobs": self.job_desk,
            "window": self,
            "look": self.look,
            "panels": self.panels,
        }
        actions = Actions(parts, self.palette(), self)
        for action in actions.all():
            self.addAction(action)
        return actions

    def _add_docks(self) -> None:
        session, selection = self.session, self.correction.selection
        self.runs_dock = RunsDock(session, self.runs, self)
        self.correlation_dock = correlation = CorrelationDock(self.correlation, self)
        self.training_dock = training = TrainingDock(self.training, self)
        clips = ClipsDock(session, self.people, self.actions_by_id, self)
        layers = LayersDock(session, self)
        self.look.tinted.connect(clips.rebuild)
        self.look.tinted.connect(layers.refresh)
        time = stacked(self, [self.transport, self.timeline])
        for panel in (
            Panel("Clips and people", clips, LEFT),
            Panel("Jobs", JobsDock(self.job_desk, self), LEFT),
            Panel("Layers", Scrolled(layers), RIGHT),
            Panel("Landmarks", LandmarksDock(session, selection, self), RIGHT),
            Panel("Runs", self.runs_dock, RIGHT, tab_with="landmarks"),
            Panel("Correlation", Scrolled(correlation, grows=True), RIGHT, tab_with="landmarks"),
            Panel("Training", Scrolled(training, grows=True), RIGHT, tab_with="landmarks"),
            Panel("Timeline", time, BOTTOM, titled=False),
        ):
            self.panels.add(panel)

    def _fill_status_bar(self) -> None:
        self.statusBar().setSizeGripEnabled(False)
        self.statusBar().setContentsMargins(0, 0, 0, 0)
        self.statusBar().addWidget(self.message_bar, 1)
        self.statusBar().addPermanentWidget(JobStrip(self.job_desk, self))

    def _connect(self) -> None:
        session = self.session
        session.document_changed.connect(self._show_document)
        session.clip_changed.connect(self._show_document)
        session.clip_changed.connect(self._on_clip_changed)
        session.clip_ready.connect(self._on_clip_ready)
        session.clip_failed.connect(self._on_clip_failed)
        self.look.tinted.connect(self.welcome.refresh)
        session.overlays_hidden_changed.connect(
            lambda hidden: self.actions_by_id["overlays"].setChecked(not hidden)
        )
        self.actions_by_id["overlays"].setChecked(True)
        self.actions_by_id["magnifier"].setChecked(session.settings.value("magnifier"))
        self.correction.connect_actions(self.actions_by_id)
        session.undo_stack.indexChanged.connect(self._on_history_moved)
        self.canvas.zoom_changed.connect(self.transport.show_zoom)
        self.timeline.view.seek_asked.connect(self._on_seek_asked)
        self.transport.go_to_box.go_asked.connect(self.navigator.jump)
        self.transport.go_to_box.left.connect(self.canvas.setFocus)
        self.banner.relink_asked.connect(self.files.relink)
        self.read_only_strip.try_asked.connect(self.files.reopen)
        session.columns_changed.connect(self._share_room)
        session.comparison.changed.connect(self._show_comparing)
        self.runs.shown_changed.connect(self.job_desk.offers_changed)
        self.correlation.asked.connect(lambda: self.panels.bring_up("correlation"))
        self.training.asked.connect(lambda: self.panels.bring_up("training"))
        self.job_desk.dock_asked.connect(lambda: self.panels.bring_up("jobs"))
        self.welcome.path_chosen.connect(lambda path: self.files.open_texts([path]))

    # What happens

    def _close_now(self) -> None:
        self._may_close = True
        self.close()

    @Slot()
    def _show_document(self) -> None:
        document, entry = self.session.document, self.session.entry
        is_open = document is not None
        self.panels.show_open(is_open)
        self.actions_by_id.set_document_open(is_open)
        self._on_history_moved()
        names = [entry.title] if entry else []
        if document is not None and document.title not in names:
            names.append(document.title)
        if document is not None and document.read_only:
            names.append("read-only")
        self.setWindowTitle(" — ".join([*names, "Lineament"]))
        if is_open:
            self.canvas.setFocus()

    @Slot()
    def _on_clip_changed(self) -> None:
        # The feed, which hears of it first, has already told the problem of a clip that is lost.
        entry = self.session.entry
        self.banner.setVisible(bool(entry and entry.problem))

    @Slot()
    def _on_history_moved(self) -> None:
        stack = self.session.undo_stack
        for name, can, text in (
            ("undo", stack.canUndo(), stack.undoText()),
            ("redo", stack.canRedo(), stack.redoText()),
        ):
            action = self.actions_by_id[name]
            action.setEnabled(can)
            action.setText(f"&{name.capitalize()} {text}".rstrip())

    @Slot()
    def _share_room(self) -> None:
        if self.session.columns.track_ids:
            self.panels.share_room()

    @Slot()
    def _show_comparing(self) -> None:
        self.actions_by_id["compare"].setChecked(self.session.comparison.is_on)
        self.actions_by_id["compare_over"].setChecked(self.session.comparison.is_over)

    @Slot()
    def _on_clip_ready(self) -> None:
        clip = self.session.clip
        if clip is not None and clip.warning:
            self.banner.show_problem(clip.warning)

    @Slot(str)
    def _on_clip_failed(self, sentence: str) -> None:
        document = self.session.document
        self.banner.show_problem(sentence, can_relink=bool(document and document.path))

    @Slot(int)
    def _on_seek_asked(self, frame_idx: int) -> None:
        self.session.set_playing(False)
        self.session.set_frame(frame_idx)

    # Qt overrides

    def event(self, event: QEvent) -> bool:
        """Keep held keys from acting as shortcuts; let them go when the window loses them."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            if self.held_keys.claims(event):
                event.accept()
                return True
        elif event.type() == QEvent.Type.WindowDeactivate:
            self.held_keys.release()
        return super().event(event)

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab goes to what can be seen: Qt would also go through docks behind other docks."""
        start = self.focusWidget()
        moved = super().focusNextPrevChild(forward)
        while moved and self.focusWidget() is not start:
            if not self.panels.is_behind(self.focusWidget()):
                break
            moved = super().focusNextPrevChild(forward)
        return moved

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """A held key goes down."""
        if not self.held_keys.press(event):
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """A held key comes up."""
        if not self.held_keys.lift(event):
            super().keyReleaseEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """Follow the theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "look"):
            self.look.note_palette()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files."""
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open what was dropped."""
        dropped: Sequence[str] = [
            url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()
        ]
        if dropped:
            event.acceptProposedAction()
            self.files.open_texts(dropped)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask about running jobs; then remember the window's shape and stop the threads."""
        if not self._may_close and self.job_desk.ask_before_closing(self._close_now):
            event.ignore()
            return
        self.panels.save()
        self.session.set_playing(False)
        self.feed.close()
        self.column_loader.close()
        self.correlation.close()
        self.correlation_dock.sparse.close_search()
        self.training_dock.close_follower()
        self.preload.close()
        self.people.close()
        self.clip_check.close()
        self.files.demo_child.close()
        self.job_desk.close()
        self.session.close_document()
        for timer in self.findChildren(QTimer):
            timer.stop()
        super().closeEvent(event)
        self.closed.emit()

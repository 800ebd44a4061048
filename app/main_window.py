"""The window: canvas in the middle, docks around it, time below, messages at the foot."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QKeyEvent
from PySide6.QtWidgets import (
    QApplication,
    QDockWidget,
    QMainWindow,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.actions import Actions, resolve_keys
from app.canvas.banner import Banner
from app.canvas.frame_feed import FrameFeed
from app.canvas.tools.correction import Correction
from app.canvas.video_view import VideoView
from app.column_loader import ColumnLoader
from app.docks.clips_dock import ClipsDock
from app.docks.job_strip import JobStrip
from app.docks.jobs_dock import JobsDock
from app.docks.landmarks_dock import LandmarksDock
from app.docks.layers_dock import LayersDock
from app.docks.transport_bar import TransportBar
from app.files import Files
from app.held_keys import HeldKeys
from app.help import Help
from app.job_desk import JobDesk
from app.layer_commands import LayerCommands
from app.menus import build_menus, build_tool_bar
from app.message_bar import MessageBar
from app.navigator import Navigator
from app.playback import Player
from app.review import Review
from app.session import Session
from app.timeline.timeline_panel import TimelinePanel
from app.welcome import WelcomePage

_LEFT = Qt.DockWidgetArea.LeftDockWidgetArea
_RIGHT = Qt.DockWidgetArea.RightDockWidgetArea
_BOTTOM = Qt.DockWidgetArea.BottomDockWidgetArea


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
        self.canvas = VideoView(session, self)
        self.files = Files(session, self)
        self.navigator = Navigator(session)
        self.player = Player(session)
        self.review = Review(session, self.navigator)
        self.layer_commands = LayerCommands(session)
        self.correction = Correction(session, self.canvas)
        self.help = Help(session, self)
        self.job_desk = JobDesk(session, self, self.files.open_texts)
        self._may_close = False
        self.actions_by_id = self._build_actions()
        self.help.keys_of = lambda: self.actions_by_id.keys
        self.held_keys = HeldKeys(session, self.canvas, self.player, self.actions_by_id)
        self.feed = FrameFeed(session, self.canvas)
        self.column_loader = ColumnLoader(session)
        self.banner = Banner(self)
        self.welcome = WelcomePage(self.actions_by_id, session.settings, self)
        self.transport = TransportBar(session, self.player, self.actions_by_id, self)
        self.timeline = TimelinePanel(session, self)
        self.message_bar = MessageBar(session.hub, self)
        self._docks: list[QDockWidget] = []
        self._retint_later = QTimer(self)
        self._retint_later.setSingleShot(True)
        self._retint_later.setInterval(0)
        self._retint_later.timeout.connect(self._retint)
        self._lay_out()
        self._connect()
        self.menus = build_menus(self, self.actions_by_id, session.settings, self._docks)
        self.tool_bar = build_tool_bar(self, self.actions_by_id)
        self._apply_keys()
        self._show_document()
        self._restore_geometry()

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

    def set_panels_folded(self, folded: bool) -> None:
        """Show the canvas alone, or everything again."""
        for dock in self._docks:
            dock.setVisible(not folded)
        self.tool_bar.setVisible(not folded)

    def set_full_screen(self, full: bool) -> None:
        """Fill the screen, or leave it."""
        self.setWindowState(
            self.windowState() | Qt.WindowState.WindowFullScreen
            if full
            else self.windowState() & ~Qt.WindowState.WindowFullScreen
        )

    def theme_system(self) -> None:
        """Follow the system's colours."""
        self.session.settings.set_value("theme", "system")

    def theme_light(self) -> None:
        """A light window."""
        self.session.settings.set_value("theme", "light")

    def theme_dark(self) -> None:
        """A dark window."""
        self.session.settings.set_value("theme", "dark")

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
            **self.correction.parts(),
            "jobs": self.job_desk,
            "window": self,
        }
        actions = Actions(parts, self.palette(), self)
        for action in actions.all():
            self.addAction(action)
        return actions

    def _lay_out(self) -> None:
        self._stack = QStackedWidget(self)
        first_page = QScrollArea(self)
        first_page.setFrameShape(QScrollArea.Shape.NoFrame)
        first_page.setWidgetResizable(True)
        first_page.setWidget(self.welcome)
        self._stack.addWidget(first_page)
        page = QWidget(self)
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.banner)
        column.addWidget(self.canvas, 1)
        self._stack.addWidget(page)
        self.setCentralWidget(self._stack)
        self.setDockOptions(
            QMainWindow.DockOption.AnimatedDocks | QMainWindow.DockOption.AllowTabbedDocks
        )
        for corner in (Qt.Corner.BottomLeftCorner, Qt.Corner.BottomRightCorner):
            self.setCorner(corner, _BOTTOM)
        session = self.session
        self._add_dock("Clips and people", ClipsDock(session, self), _LEFT)
        self._add_dock("Jobs", JobsDock(self.job_desk, self), _LEFT)
        self._add_dock("Layers", LayersDock(session, self), _RIGHT)
        self._add_dock("Landmarks", LandmarksDock(session, self.correction.selection, self), _RIGHT)
        self._add_dock("Timeline", self._time_panel(), _BOTTOM, titled=False)
        self.statusBar().setSizeGripEnabled(False)
        self.statusBar().setContentsMargins(0, 0, 0, 0)
        self.statusBar().addWidget(self.message_bar, 1)
        self.statusBar().addPermanentWidget(JobStrip(self.job_desk, self))

    def _time_panel(self) -> QWidget:
        panel = QWidget(self)
        column = QVBoxLayout(panel)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.transport)
        column.addWidget(self.timeline, 1)
        return panel

    def _add_dock(
        self, title: str, content: QWidget, area: Qt.DockWidgetArea, titled: bool = True
    ) -> None:
        dock = QDockWidget(title, self)
        dock.setObjectName(title.lower().replace(" ", "_"))
        dock.setWidget(content)
        if not titled:
            dock.setTitleBarWidget(QWidget(dock))
        self.addDockWidget(area, dock)
        self._docks.append(dock)

    def _connect(self) -> None:
        session = self.session
        session.document_changed.connect(self._show_document)
        session.clip_changed.connect(self._show_document)
        session.clip_changed.connect(self._on_clip_changed)
        session.clip_ready.connect(self._on_clip_ready)
        session.clip_failed.connect(self._on_clip_failed)
        session.settings.changed.connect(self._on_setting_changed)
        QApplication.styleHints().colorSchemeChanged.connect(self._on_system_colours)
        session.overlays_hidden_changed.connect(
            lambda hidden: self.actions_by_id["overlays"].setChecked(not hidden)
        )
        self.actions_by_id["overlays"].setChecked(True)
        self.correction.connect_actions(self.actions_by_id)
        session.undo_stack.indexChanged.connect(self._on_history_moved)
        self.canvas.zoom_changed.connect(self.transport.show_zoom)
        self.timeline.view.seek_asked.connect(self._on_seek_asked)
        self.transport.go_to_box.go_asked.connect(self.navigator.jump)
        self.transport.go_to_box.left.connect(self.canvas.setFocus)
        self.banner.relink_asked.connect(self.files.relink)
        self.job_desk.dock_asked.connect(self._show_jobs)
        self.welcome.path_chosen.connect(lambda path: self.files.open_texts([path]))

    # What happens

    @Slot()
    def _show_jobs(self) -> None:
        dock = self.findChild(QDockWidget, "jobs")
        if dock is not None and not self.actions_by_id["fold_panels"].isChecked():
            dock.show()
            dock.raise_()

    def _close_now(self) -> None:
        self._may_close = True
        self.close()

    @Slot()
    def _show_document(self) -> None:
        document, entry = self.session.document, self.session.entry
        is_open = document is not None
        self._stack.setCurrentIndex(1 if is_open else 0)
        self.actions_by_id.set_document_open(is_open)
        self._on_history_moved()
        folded = self.actions_by_id["fold_panels"].isChecked()
        for dock in self._docks:
            dock.setVisible(is_open and not folded)
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

    @Slot(str)
    def _on_setting_changed(self, key: str) -> None:
        app = QApplication.instance()
        if key == "theme" and isinstance(app, QApplication):
            theme.apply(app, self.session.settings.value("theme"))
        elif key in ("keys", "key_preset"):
            self._apply_keys()

    @Slot()
    def _on_system_colours(self) -> None:
        """The system turned light or dark: follow it, unless the person chose for themselves."""
        app = QApplication.instance()
        if self.session.settings.value("theme") == "system" and isinstance(app, QApplication):
            app.setPalette(theme.palette(theme.resolved(app, "system")))

    def _apply_keys(self) -> None:
        settings = self.session.settings
        self.actions_by_id.set_keys(
            resolve_keys(settings.value("key_preset"), settings.value("keys"))
        )

    def _retint(self) -> None:
        """Everything that carries the theme's colour in a picture is made anew."""
        self.actions_by_id.retint(self.palette())
        self.welcome.refresh()
        for dock in self._docks:
            content = dock.widget()
            if isinstance(content, LayersDock):
                content.refresh()
            elif isinstance(content, ClipsDock):
                content.rebuild()

    def _restore_geometry(self) -> None:
        self.resize(1280, 800)
        geometry = self.session.settings.geometry("main_window")
        state = self.session.settings.geometry("main_window_state")
        if geometry is not None:
            self.restoreGeometry(geometry)
        if state is not None:
            self.restoreState(state)

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
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "tool_bar"):
            # The children hear of the new palette after their window.
            self._retint_later.start()

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
        settings = self.session.settings
        settings.set_geometry("main_window", self.saveGeometry())
        settings.set_geometry("main_window_state", self.saveState())
        settings.sync()
        self.session.set_playing(False)
        self.feed.close()
        self.column_loader.close()
        self.files.demo_child.close()
        self.job_desk.close()
        self.session.close_document()
        for timer in self.findChildren(QTimer):
            timer.stop()
        super().closeEvent(event)
        self.closed.emit()

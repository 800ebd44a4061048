"""The people of the open clip: shown or hidden, name, number of frames, first and last frame."""

from __future__ import annotations

import math

from PySide6.QtCore import QPoint, QSignalBlocker, QSize, Qt, Slot
from PySide6.QtGui import QColor, QContextMenuEvent, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemDelegate,
    QHeaderView,
    QMenu,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from app import theme
from app.actions import Actions
from app.data_colours import Rgb
from app.people.people import People
from app.people.roster import Person, people_of
from app.session import Session
from app.viewing import NO_FACE

_TRACK = Qt.ItemDataRole.UserRole
_EYE, _NAME, _FRAMES, _SPAN = range(4)
_MENU = (
    ("rename_person", "colour_person", "hide_person"),
    ("first_of_person", "last_of_person"),
    ("merge_people_all", "not_a_face"),
)
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class PeopleList(QTreeWidget):
    """One row a person; a click selects, a double click names or goes to the first frame."""

    def __init__(
        self, session: Session, people: People, actions: Actions, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._people = people
        self._actions = actions
        self._is_stale = False
        self._editor_open = False
        self._prepare()
        self.currentItemChanged.connect(self._on_current_changed)
        self.itemClicked.connect(self._on_clicked)
        self.itemDoubleClicked.connect(self._on_double_clicked)
        self.itemActivated.connect(self._on_activated)
        self.itemChanged.connect(self._on_item_changed)
        people.commands.rename_asked.connect(self._on_rename_asked)
        people.commands.hidden_changed.connect(self.refresh)
        session.columns_changed.connect(self.refresh)
        session.clip_changed.connect(self.refresh)
        session.data_changed.connect(self.refresh)
        session.face_selected.connect(self._on_face_selected)
        session.frame_shown.connect(self._on_frame_shown)

    @Slot()
    def refresh(self) -> None:
        """Make the rows anew; not while a name is typed."""
        if self._editor_open:
            self._is_stale = True
            return
        self._is_stale = False
        with QSignalBlocker(self):
            self.clear()
            for person in people_of(self._session):
                self.addTopLevelItem(self._item(person))
        self._on_face_selected(self._session.selected_track)
        self._show_who_is_here()

    def track_of(self, item: QTreeWidgetItem) -> int:
        """The person of a row."""
        return int(item.data(_NAME, _TRACK))

    def item_of(self, track: int) -> QTreeWidgetItem | None:
        """The row of a person."""
        return next((item for item in self._items() if self.track_of(item) == track), None)

    def _prepare(self) -> None:
        self.setAccessibleName("People")
        self.setColumnCount(4)
        self.setHeaderLabels(["", "Person", "Frames", "First – last"])
        self.headerItem().setToolTip(_EYE, "shown or hidden")
        self.headerItem().setTextAlignment(_FRAMES, _RIGHT)
        self.headerItem().setTextAlignment(_SPAN, _RIGHT)
        self.setRootIsDecorated(False)
        self.setIndentation(0)
        self.setUniformRowHeights(True)
        self.setAllColumnsShowFocus(True)
        self.setIconSize(QSize(14, 14))
        self.setFrameShape(QTreeWidget.Shape.NoFrame)
        self.setEditTriggers(QTreeWidget.EditTrigger.NoEditTriggers)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        header = self.header()
        header.setStretchLastSection(False)
        header.setMinimumSectionSize(24)
        header.setSectionResizeMode(_EYE, QHeaderView.ResizeMode.Fixed)
        header.resizeSection(_EYE, 26)
        header.setSectionResizeMode(_NAME, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(_FRAMES, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(_SPAN, QHeaderView.ResizeMode.ResizeToContents)

    def _item(self, person: Person) -> QTreeWidgetItem:
        span = f"{person.first:,} – {person.last:,}" if person.frames else "–"
        item = QTreeWidgetItem(["", person.name, f"{person.frames:,}", span])
        item.setData(_NAME, _TRACK, person.track_id)
        item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
        item.setIcon(_NAME, _swatch(person.colour, self.devicePixelRatioF()))
        eye = "eye-off" if person.is_hidden else "eye"
        item.setIcon(_EYE, self._eye_icon(eye))
        hidden = "hidden; a click shows this person" if person.is_hidden else "a click hides"
        item.setToolTip(_EYE, hidden)
        item.setData(_EYE, Qt.ItemDataRole.AccessibleTextRole, "hidden" if person.is_hidden else "")
        item.setToolTip(_NAME, _about(person))
        for column in (_FRAMES, _SPAN):
            item.setTextAlignment(column, _RIGHT)
            item.setFont(column, theme.figures_font(self.font()))
        item.setToolTip(_SPAN, "a double click goes to the first frame")
        return item

    def _eye_icon(self, name: str) -> QIcon:
        """The eye, in the colour of the words beside it, also in a selected row."""
        icon, ratio = QIcon(), self.devicePixelRatioF()
        for mode, role in (
            (QIcon.Mode.Normal, QPalette.ColorRole.ButtonText),
            (QIcon.Mode.Selected, QPalette.ColorRole.HighlightedText),
        ):
            icon.addPixmap(theme.pixmap(name, self.palette().color(role).name(), 14, ratio), mode)
        return icon

    def _items(self) -> list[QTreeWidgetItem]:
        found = [self.topLevelItem(row) for row in range(self.topLevelItemCount())]
        return [item for item in found if item is not None]

    # What the person does

    @Slot()
    def _on_current_changed(self, item: QTreeWidgetItem | None) -> None:
        if item is not None and not self._people.picking.is_active:
            self._session.select_face(self.track_of(item))

    @Slot()
    def _on_clicked(self, item: QTreeWidgetItem, column: int) -> None:
        track = self.track_of(item)
        if self._people.picking.is_active:
            self._people.picking.choose(track)
        elif column == _EYE:
            hidden = self._hidden()
            self._people.commands.set_hidden(track, track not in hidden)
        else:
            self._session.select_face(track)

    @Slot()
    def _on_double_clicked(self, item: QTreeWidgetItem, column: int) -> None:
        if column == _NAME:
            self._edit(item)
        elif column != _EYE:
            self._people.commands.go_to(self.track_of(item))

    @Slot()
    def _on_activated(self, item: QTreeWidgetItem, column: int) -> None:
        """Enter: to the person's first frame, unless they are on this one."""
        track = self.track_of(item)
        faces = self._session.faces(self._session.frame_idx)
        if self.hasFocus() and track not in {face.track_id for face in faces}:
            self._people.commands.go_to(track)

    @Slot(int)
    def _on_rename_asked(self, track: int) -> None:
        item = self.item_of(track)
        if item is not None and self.isVisible():
            self._people.commands.rename_taken = True
            self._edit(item)

    def _edit(self, item: QTreeWidgetItem) -> None:
        self._editor_open = True
        self.setFocus()
        self.editItem(item, _NAME)

    @Slot()
    def _on_item_changed(self, item: QTreeWidgetItem, column: int) -> None:
        if column == _NAME:
            track, text = self.track_of(item), item.text(_NAME)
            if text != self._session.name_of(track):
                self._people.commands.set_name(track, text)
                self._is_stale = True

    # What happens elsewhere

    @Slot(int)
    def _on_face_selected(self, track: int) -> None:
        with QSignalBlocker(self):
            item = None if track == NO_FACE else self.item_of(track)
            self.setCurrentItem(item)  # type: ignore[arg-type]  # None = no row
            if item is None:
                self.clearSelection()

    @Slot()
    def _on_frame_shown(self) -> None:
        if not self._session.playing:
            self._show_who_is_here()

    def _show_who_is_here(self) -> None:
        """Who is not on the frame is written faintly."""
        shown = self._session.shown_frame_idx
        here = {face.track_id for face in self._session.faces(shown)} if shown >= 0 else set()
        faint = self.palette().color(QPalette.ColorRole.PlaceholderText)
        with QSignalBlocker(self):
            for item in self._items():
                colour = None if self.track_of(item) in here else faint
                for column in (_NAME, _FRAMES, _SPAN):
                    item.setData(column, Qt.ItemDataRole.ForegroundRole, colour)

    def _hidden(self) -> frozenset[int]:
        session = self._session
        if session.document is None or session.entry is None:
            return frozenset()
        return session.document.hidden_people(session.entry.clip_id)

    # Qt overrides

    def closeEditor(self, editor: QWidget, hint: QAbstractItemDelegate.EndEditHint) -> None:
        """A name has been typed, or not: catch up."""
        super().closeEditor(editor, hint)
        self._editor_open = False
        if self._is_stale:
            self.refresh()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """What can be done with a person."""
        at = event.pos() - QPoint(0, self.header().height())
        item = self.itemAt(at) if event.reason() == QContextMenuEvent.Reason.Mouse else None
        item = item or self.currentItem()
        if item is None:
            return
        self._session.select_face(self.track_of(item))
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for group in _MENU:
            menu.addActions([self._actions[name] for name in group])
            menu.addSeparator()
        menu.popup(event.globalPos())

    def sizeHint(self) -> QSize:
        """A few people."""
        return QSize(240, 150)


def _about(person: Person) -> str:
    key = f"Alt+{person.number} selects" if person.number <= 9 else ""
    quality = "" if math.isnan(person.confidence) else f"mean confidence {person.confidence:.2f}"
    lines = [person.name, quality, key, "a double click names this person"]
    return "\n".join(line for line in lines if line)


def _swatch(rgb: Rgb, ratio: float) -> QIcon:
    pixmap = QPixmap(round(14 * ratio), round(14 * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.fillRect(1, 1, 12, 12, QColor(*rgb))
    painter.end()
    icon = QIcon(pixmap)
    icon.addPixmap(pixmap, QIcon.Mode.Selected)  # else a selected row tints the colour
    return icon

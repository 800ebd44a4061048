"""The mouse and the keys on boxes: draw one for a new face, move and size one, point at a face.

Looks at the canvas's events before the landmark tools do, and leaves them what is not about boxes;
a landmark that is nearer than a handle is theirs.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt, Slot
from PySide6.QtGui import QKeyEvent, QMouseEvent

from app import convert
from app.canvas.tools import hits
from app.canvas.tools.aim import Aim
from app.canvas.tools.box_layer import HANDLES, BoxLayer, BoxPicture, handle_places
from app.canvas.video_view import VideoView
from app.correction.selection import PointSelection
from app.people.people import People
from app.session import Session

Box = NDArray[np.float64]

_REACH = 7.0
_BORDER = 4.0
"""How far from a box's edge a press still takes it, screen pixels."""
_DRAG_STARTS = 3.0
_LEAST_SIDE_PX = 6.0
"""Clip pixels; a smaller box was a slip of the hand."""
_STEP = 10.0
_HINT = (
    "Drag a box round the face, from brows to chin     arrows, Shift+arrows, Enter: this one"
    "     Esc: leave"
)
_ARROWS = {
    Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}  # fmt: skip
_CURSORS = {
    "top_left": Qt.CursorShape.SizeFDiagCursor, "bottom_right": Qt.CursorShape.SizeFDiagCursor,
    "top_right": Qt.CursorShape.SizeBDiagCursor, "bottom_left": Qt.CursorShape.SizeBDiagCursor,
    "top": Qt.CursorShape.SizeVerCursor, "bottom": Qt.CursorShape.SizeVerCursor,
    "left": Qt.CursorShape.SizeHorCursor, "right": Qt.CursorShape.SizeHorCursor,
    "border": Qt.CursorShape.SizeAllCursor,
}  # fmt: skip
_MOUSE = {
    QEvent.Type.MouseButtonPress: "_pressed",
    QEvent.Type.MouseButtonDblClick: "_pressed",
    QEvent.Type.MouseMove: "_moved",
    QEvent.Type.MouseButtonRelease: "_released",
}


class BoxTools(QObject):
    """Owns the box in hand and the layer that shows it."""

    def __init__(
        self, session: Session, view: VideoView, people: People, selection: PointSelection
    ) -> None:
        super().__init__(view)
        self._session = session
        self._view = view
        self._people = people
        self._selection = selection
        self._aim = Aim(session, view)
        self.layer = BoxLayer(view.scene())
        self.is_drawing = False
        """Whether the next drag draws the box of a new face."""
        self.box: Box | None = None
        """(4,) the box in hand, image coordinates."""
        self._face: Any = None
        self._part = ""
        self._press: QPointF | None = None
        self._start: Box | None = None
        self._hovered = ""
        view.installEventFilter(self)
        view.viewport().installEventFilter(self)
        people.picking.changed.connect(self._on_picking)
        selection.changed.connect(self.refresh)
        for signal in (session.face_selected, session.frame_shown, session.layers_changed,
                       session.overlays_hidden_changed, session.playing_changed):  # fmt: skip
            signal.connect(self.refresh)
        session.faces_changed.connect(view.refresh_faces)
        for signal in (session.frame_changed, session.clip_changed, session.data_changed):
            signal.connect(self._on_changed)

    # Slots of the action table

    def draw(self) -> None:
        """Begin to add a face: by a drag, or by keys from the box proposed."""
        session = self._session
        if session.clip is None or session.document is None:
            return
        self.cancel()
        session.set_playing(False)
        self._selection.clear()
        self.is_drawing = True
        self.box = np.asarray(self._people.adder.proposed_box(), np.float64)
        self._view.setFocus()
        self._view.viewport().setCursor(Qt.CursorShape.CrossCursor)
        self.refresh()

    @Slot()
    def cancel(self) -> None:
        """Leave the box in hand as it was."""
        was_busy = self.is_drawing or self._press is not None
        self.is_drawing = False
        self.box = self._face = self._press = self._start = None
        self._part = ""
        if was_busy:
            self._view.viewport().unsetCursor()
        self.refresh()

    # What is drawn

    @Slot()
    def refresh(self) -> None:
        """Draw what is in hand, else the handles of the selected face."""
        picking = self._people.picking
        if self.is_drawing or self._press is not None:
            box = None if self.box is None else _rect(self.box)
            self.layer.show_picture(
                BoxPicture(box, not self.is_drawing, True, _HINT if self.is_drawing else "")
            )
            return
        face = None if picking.is_active else self._selected_face()
        box = None if face is None else _rect(np.asarray(face.box_xyxy, np.float64))
        self.layer.show_picture(BoxPicture(box, box is not None, False, picking.hint))

    def _selected_face(self) -> Any:
        """The face whose box can be taken: selected, drawn with its box, without points chosen."""
        session = self._session
        is_free = session.layers["boxes"].visible and not session.overlays_hidden
        if session.playing or self._selection.points or not is_free or session.shown_frame_idx < 0:
            return None
        if session.document is None or session.document.read_only:
            return None
        for face in session.faces(session.shown_frame_idx):
            if face.track_id == session.selected_track and np.isfinite(face.box_xyxy).all():
                return face
        return None

    # Events

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take what is about boxes; everything else goes on."""
        if watched is self._view:
            return isinstance(event, QKeyEvent) and self._key(event)
        if isinstance(event, QMouseEvent) and event.type() in _MOUSE:
            if self._view.pan_key_down or self._view.shows_other_at(event.position()):
                return False
            return bool(getattr(self, _MOUSE[event.type()])(event))
        return False

    def _pressed(self, event: QMouseEvent) -> bool:
        if event.button() != Qt.MouseButton.LeftButton or not self._aim.can_edit(event.position()):
            return self.is_drawing and event.button() == Qt.MouseButton.RightButton
        at = event.position()
        if self._people.picking.is_active:
            self._people.picking.choose(self._view.face_at(at.toPoint()))
            return True
        if self.is_drawing:
            self._press, self._start = at, self._aim.image_xy(at)
            return True
        if event.modifiers():
            return False
        part = self._part_at(at)
        if part:
            self._face, self._part = self._selected_face(), part
            self._press, self._start = at, np.asarray(self._face.box_xyxy, np.float64)
            self._session.set_frame(self._session.shown_frame_idx)
        return bool(part)

    def _moved(self, event: QMouseEvent) -> bool:
        if self._press is None:
            if not event.buttons() and not self.is_drawing:
                self._hover(event.position())
            return self.is_drawing or self._people.picking.is_active
        way = event.position() - self._press
        if self._part and self.box is None and np.hypot(way.x(), way.y()) < _DRAG_STARTS:
            return True
        assert self._start is not None  # with the press
        here = self._aim.image_xy(event.position())
        if self.is_drawing:
            corners = np.stack([self._start, here])
            self.box = np.concatenate([corners.min(axis=0), corners.max(axis=0)])
        else:
            self.box = dragged(self._start, self._part, here - self._aim.image_xy(self._press))
        self.refresh()
        return True

    def _released(self, event: QMouseEvent) -> bool:
        if self._press is None or event.button() != Qt.MouseButton.LeftButton:
            return False
        self._take()
        return True

    def _take(self) -> None:
        """Record the box in hand."""
        box, face, is_drawing = self.box, self._face, self.is_drawing
        if is_drawing and (box is None or (box[2:] - box[:2]).min() < _LEAST_SIDE_PX):
            self._press = None  # a slip: the tool goes on
            self.box = np.asarray(self._people.adder.proposed_box(), np.float64)
            self.refresh()
            return
        self.cancel()
        if box is None:
            return
        if is_drawing:
            self._people.adder.add(box)
        elif (box[2:] - box[:2]).min() >= _LEAST_SIDE_PX:
            self._people.adder.move_box(face, box)

    def _key(self, event: QKeyEvent) -> bool:
        """Keys that belong to the question or the box in hand, before they are shortcuts."""
        is_busy = self.is_drawing or self._press is not None
        meaning = self._meaning(event) if is_busy or self._people.picking.is_active else None
        if meaning is None:
            return False
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()  # comes back as a key press
        elif event.type() == QEvent.Type.KeyPress:
            meaning()
        return True

    def _meaning(self, event: QKeyEvent) -> Any:
        """What a key does now; None for one that is not ours."""
        key, picking = event.key(), self._people.picking
        if key == Qt.Key.Key_Escape:
            return picking.cancel if picking.is_active else self.cancel
        if picking.is_active and Qt.Key.Key_1 <= key <= Qt.Key.Key_9:
            return lambda: picking.choose_number(key - Qt.Key.Key_0)
        if not self.is_drawing or self._press is not None:
            return None
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            return self._take
        if key in _ARROWS:
            sizes = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            return lambda: self._nudge(np.array(_ARROWS[Qt.Key(key)]) * _STEP, sizes)
        return None

    def _nudge(self, shift: Box, sizes: bool) -> None:
        if self.box is not None:
            self.box = dragged(self.box, "bottom_right" if sizes else "border", shift)
            self.refresh()

    # Hits

    def _part_at(self, at: QPointF) -> str:
        """Handle or border of the selected face's box at a place of the screen; empty for none."""
        face = self._selected_face()
        if face is None:
            return ""
        on_screen = self._on_screen(_rect(np.asarray(face.box_xyxy, np.float64)))
        nearest = hits.point_distance(self._session, self._view.viewportTransform(), at)
        for name, place in handle_places(on_screen).items():
            gap = float(np.hypot(place.x() - at.x(), place.y() - at.y()))
            if gap <= _REACH:
                return name if gap <= nearest else ""
        outer = on_screen.adjusted(-_BORDER, -_BORDER, _BORDER, _BORDER)
        inner = on_screen.adjusted(_BORDER, _BORDER, -_BORDER, -_BORDER)
        is_border = outer.contains(at) and not inner.contains(at)
        return "border" if is_border and nearest > hits.REACH else ""

    def _on_screen(self, box: QRectF) -> QRectF:
        return self._view.viewportTransform().mapRect(box)

    def _hover(self, at: QPointF) -> None:
        part = self._part_at(at) if self._aim.can_edit(at) else ""
        if part != self._hovered:
            self._hovered = part
            if part:
                self._view.viewport().setCursor(_CURSORS[part])
            else:
                self._view.viewport().unsetCursor()

    # What happens elsewhere

    @Slot()
    def _on_picking(self) -> None:
        picking = self._people.picking
        if picking.is_active:
            self.cancel()
            self._view.setFocus()
            self._view.viewport().setCursor(Qt.CursorShape.PointingHandCursor)
        else:
            self._view.viewport().unsetCursor()
        self.refresh()

    @Slot()
    def _on_changed(self) -> None:
        """What a box was drawn on is left or has changed."""
        self.cancel()


def dragged(box: Box, part: str, way: Box) -> Box:
    """A box (4,) with one of its handles, or the whole, moved; it never turns inside out."""
    if part == "border":
        return np.asarray(box + np.concatenate([way, way]))
    right, down = HANDLES[part]
    moved = box.copy()
    for axis, place in ((0, right), (1, down)):
        if place == 0:
            moved[axis] = min(box[axis] + way[axis], box[axis + 2] - 1.0)
        elif place == 1:
            moved[axis + 2] = max(box[axis + 2] + way[axis], box[axis] + 1.0)
    return moved


def _rect(box_xyxy: Box) -> QRectF:
    x0, y0, x1, y1 = (float(v) for v in convert.scene_from_image(box_xyxy))
    return QRectF(x0, y0, x1 - x0, y1 - y0)

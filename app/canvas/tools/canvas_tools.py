"""The mouse on the canvas: selects, drags, bends, turns and places landmarks.

Looks at the canvas's events before the canvas does and leaves it what is not about landmarks:
moving the picture and zooming.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt, QTimer, Slot
from PySide6.QtGui import QKeyEvent, QMouseEvent, QWheelEvent

from app.canvas.tools import hits
from app.canvas.tools.aim import Aim
from app.canvas.tools.gestures import (
    CurveGesture,
    Gesture,
    MoveGesture,
    WheelGesture,
    by_handle,
)
from app.canvas.tools.live_face import live_face
from app.canvas.tools.placing import OrderTool, PlacingTool, TemplateTool
from app.canvas.tools.tool_layer import ToolLayer, ToolPicture
from app.canvas.video_view import VideoView
from app.correction.commands import PointCommands
from app.correction.selection import PointSelection
from app.correction.subject import Points, Subject, absent_subject, chosen_subject, subject_of
from app.session import Session
from core.faces.correction.moves import is_there, middle_of

_DRAG_STARTS = 3.0
"""Screen pixels the mouse moves before a press is a drag."""
_WHEEL_REST_MS = 350
_SHIFT = Qt.KeyboardModifier.ShiftModifier
_CTRL = Qt.KeyboardModifier.ControlModifier
_ALT = Qt.KeyboardModifier.AltModifier
_MOUSE = {
    QEvent.Type.MouseButtonPress: "_pressed",
    QEvent.Type.MouseMove: "_moved",
    QEvent.Type.MouseButtonRelease: "_released",
    QEvent.Type.MouseButtonDblClick: "_double_clicked",
}
_LEFT, _RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton


class CanvasTools(QObject):
    """Owns the drag in hand and the tool layer."""

    def __init__(
        self, session: Session, view: VideoView, selection: PointSelection, points: PointCommands
    ) -> None:
        super().__init__(view)
        self._session = session
        self._view = view
        self._selection = selection
        self._points = points
        self._aim = Aim(session, view)
        self.layer = ToolLayer(view.scene())
        self.curves = False
        """Whether a drag bends the contour without a key held."""
        self.tool: PlacingTool | None = None
        self.gesture: Gesture | None = None
        self._xy: Points | None = None
        """The points as the drag in hand has them now."""
        self._press: QPointF | None = None
        self._band: QRectF | None = None
        self._hovered: Points | None = None
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_WHEEL_REST_MS)
        self._rest.timeout.connect(self.commit)
        view.installEventFilter(self)
        view.viewport().installEventFilter(self)
        selection.changed.connect(self.refresh)
        session.frame_changed.connect(self._on_frame_changed)
        session.frame_shown.connect(self.refresh)
        session.data_changed.connect(self._on_data_changed)
        session.clip_changed.connect(self.cancel)
        session.overlays_hidden_changed.connect(self.refresh)

    # Slots of the action table

    def set_curves(self, on: bool) -> None:
        """Let a drag bend the contour; Ctrl then moves a point alone."""
        self.curves = on

    def place_template(self) -> None:
        """Begin to place a template by two eye clicks."""
        self._begin_placing(TemplateTool)

    def place_in_order(self) -> None:
        """Begin to place points one by one."""
        self._begin_placing(OrderTool)

    # What is drawn

    @Slot()
    def refresh(self) -> None:
        """Draw selection, handles and the drag in hand as they are now."""
        hidden = self._session.overlays_hidden or self._session.shown_frame_idx < 0
        if hidden or self._session.playing:
            self.layer.show_picture(ToolPicture())
            return
        gesture = self.gesture
        self.layer.show_picture(
            ToolPicture(
                selected=self._selected_places(),
                hovered=None if gesture else self._hovered,
                ghost=gesture.subject.xy if gesture and self._xy is not None else None,
                ghost_members=gesture.members if gesture else (),
                contours=gesture.subject.scheme.contours if gesture else (),
                band=self._band,
                clicks=self.tool.clicks if self.tool else np.zeros((0, 2)),
                hint=self.tool.hint if self.tool else "",
                has_handles=self.tool is None and not isinstance(gesture, CurveGesture),
            )
        )

    def _selected_places(self) -> Points:
        subject = self._shown_subject()
        chosen = self._points.selected_of(subject)
        if subject is None or not chosen:
            return np.zeros((0, 2))
        is_dragged = self.gesture is not None and self._xy is not None
        xy = self._xy if is_dragged and self._xy is not None else subject.xy
        return xy[chosen][is_there(xy[chosen])]

    def _shown_subject(self) -> Subject | None:
        shown = self._session.shown_frame_idx
        return chosen_subject(self._session, shown) if shown >= 0 else None

    # Gestures

    def commit(self) -> None:
        """End the drag in hand and record it: one command."""
        gesture, xy = self.gesture, self._xy
        self._drop()
        if gesture is not None and xy is not None:
            self._points.editor.place(gesture.subject, xy, gesture.members, gesture.what)
        self.refresh()

    @Slot()
    def cancel(self) -> None:
        """End the drag in hand, or the tool, and leave everything as it was."""
        self._drop()
        self.tool = None
        self._view.viewport().unsetCursor()
        self.refresh()

    def _drop(self) -> None:
        self._rest.stop()
        self.gesture = None
        self._xy = None
        self._press = None
        self._band = None
        self._view.show_live_face(None)

    def _show(self, subject: Subject, xy: Points, members: Any) -> None:
        """Draw the face as it is in the middle of a drag."""
        self._view.show_live_face(live_face(subject, xy, members))

    def _begin_placing(self, kind: type[TemplateTool] | type[OrderTool]) -> None:
        self.cancel()
        self._session.set_playing(False)
        subject = self._points.subject_or_new()
        if subject is not None:
            self.tool = kind(subject, self._points.editor)
            self._session.select_face(subject.track_id)
            self._selection.clear()
            self._view.setFocus()
            self._view.viewport().setCursor(Qt.CursorShape.CrossCursor)
            self.refresh()

    def _after_placing(self, is_done: bool) -> None:
        self._view.show_live_face(None)
        if is_done:
            self.cancel()
        self.refresh()

    # Events

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take what is about landmarks; everything else goes on to the canvas."""
        kind = event.type()
        if watched is self._view:
            return isinstance(event, QKeyEvent) and self._key(event)
        if isinstance(event, QMouseEvent) and kind in _MOUSE:
            return bool(getattr(self, _MOUSE[kind])(event))
        if isinstance(event, QWheelEvent):
            return self._wheeled(event)
        if kind == QEvent.Type.Leave:
            self._hovered = None
            self.refresh()
        return False

    def _key(self, event: QKeyEvent) -> bool:
        """Escape ends a drag or a tool; any other key first ends a turn by wheel."""
        is_busy = self.tool is not None or self._press is not None
        is_override = event.type() == QEvent.Type.ShortcutOverride
        if is_override and self._rest.isActive():
            self.commit()
        if event.key() != Qt.Key.Key_Escape or not is_busy:
            return False
        if is_override:
            event.accept()  # comes back as a key press
        elif event.type() == QEvent.Type.KeyPress:
            self.cancel()
        return True

    def _pressed(self, event: QMouseEvent) -> bool:
        is_left, is_right = event.button() == _LEFT, event.button() == _RIGHT
        can_edit = self._aim.can_edit(event.position())
        if self._view.pan_key_down or not (is_left or is_right) or not can_edit:
            return False
        self._session.set_playing(False)
        self._session.set_frame(self._session.shown_frame_idx)
        if self._rest.isActive():
            self.commit()
        if self.tool is not None:
            xy = self._aim.image_xy(event.position())
            self._after_placing(self.tool.click(xy) if is_left else self.tool.skip())
            return True
        hit = self._aim.point_at(event.position())
        if is_right:
            return hit is not None and self._toggle_visible(*hit)
        self._press = event.position()
        self._start(event, hit)
        return True

    def _start(self, event: QMouseEvent, hit: tuple[Any, int] | None) -> None:
        """Begin what a press of the left button means here."""
        start = self._aim.image_xy(event.position())
        keys = event.modifiers()
        if keys & _ALT:
            self._start_whole(event.position(), start)
            return
        handle = self._aim.handle_at(self._selected_places(), event.position())
        subject = self._shown_subject()
        if handle and subject is not None and not keys & _SHIFT:
            self.gesture = by_handle(handle, subject, self._points.selected_of(subject), start)
        elif hit is not None:
            self._start_point(*hit, start, keys)

    def _start_whole(self, at: QPointF, start: Points) -> None:
        track = self._view.face_at(at.toPoint())
        if track >= 0:
            self._session.select_face(track)
        subject = self._shown_subject()
        if subject is not None:
            self.gesture = MoveGesture(subject, range(subject.count), start, "move face")

    def _start_point(self, face: Any, index: int, start: Points, keys: Any) -> None:
        track = face.track_id
        if keys & _SHIFT:
            self._selection.toggle(track, [index])
            return
        is_other_face = track != self._session.selected_track
        if is_other_face or index not in self._selection.points:
            self._selection.choose(track, [index])
        subject = self._shown_subject()
        if subject is None:
            return
        if bool(keys & _CTRL) != self.curves:
            self.gesture = CurveGesture(subject, index, start)
        else:
            self.gesture = MoveGesture(subject, self._points.selected_of(subject), start)

    def _moved(self, event: QMouseEvent) -> bool:
        if self.tool is not None and self._press is None:
            self._preview_tool(event.position())
            return False
        if self._press is None:
            if not event.buttons():
                self._hover(event.position())
            return False
        way = event.position() - self._press
        if self._xy is None and self._band is None and np.hypot(way.x(), way.y()) < _DRAG_STARTS:
            return True
        if self.gesture is not None:
            self._xy = self.gesture.at(self._aim.image_xy(event.position()))
            self._show(self.gesture.subject, self._xy, self.gesture.members)
        else:
            self._band = QRectF(self._press, event.position()).normalized()
        self.refresh()
        return True

    def _released(self, event: QMouseEvent) -> bool:
        if self._press is None or event.button() != _LEFT:
            return False
        press, band = self._press, self._band
        if self.gesture is not None:
            self.commit()
            return True
        self._drop()
        if band is not None:
            self._take_band(band, event)
        elif self._aim.point_at(press) is None:
            self._selection.clear()
            self._session.select_face(self._view.face_at(press.toPoint()))
        self.refresh()
        return True

    def _take_band(self, band: QRectF, event: QMouseEvent) -> None:
        found = hits.points_in(self._session, self._view.viewportTransform(), band)
        is_adding = bool(event.modifiers() & _SHIFT)
        if found is None:
            if not is_adding:
                self._selection.clear()
            return
        face, inside = found
        if is_adding and face.track_id == self._session.selected_track:
            inside = sorted(self._selection.points.union(inside))
        self._selection.choose(face.track_id, inside)

    def _double_clicked(self, event: QMouseEvent) -> bool:
        """On a landmark: select its part of the face."""
        hit = self._aim.editable_point_at(event.position())
        if event.button() != _LEFT or hit is None or self.tool is not None:
            return self._pressed(event)
        subject = subject_of(self._session, hit[0], self._session.shown_frame_idx)
        if subject is not None:
            parts = subject.scheme.components.values()
            self._selection.choose(subject.track_id, next(part for part in parts if hit[1] in part))
        return True

    def _wheeled(self, event: QWheelEvent) -> bool:
        """With Alt: turn the selected points or the face; with Shift too: scale."""
        if not event.modifiers() & _ALT or not self._aim.can_edit(event.position()):
            return False
        steps = (event.angleDelta().y() or event.angleDelta().x()) / 120.0
        begun = self._begun_turn()
        if begun is None:
            return True
        self.gesture = gesture = begun.turned_on(steps, bool(event.modifiers() & _SHIFT))
        self._xy = gesture.at(gesture.middle_xy)
        self._show(gesture.subject, self._xy, gesture.members)
        self._rest.start()
        self.refresh()
        return True

    def _begun_turn(self) -> WheelGesture | None:
        """The turn in hand, or a new one; None where there is nothing to turn."""
        if isinstance(self.gesture, WheelGesture):
            return self.gesture
        subject = self._shown_subject()
        if subject is None or self._press is not None or self.tool is not None:
            return None
        members = self._points.selected_of(subject) or list(range(subject.count))
        middle = middle_of(subject.xy, members)
        return None if np.isnan(middle).any() else WheelGesture(subject, members, middle)

    # Helpers

    def _toggle_visible(self, face: Any, index: int) -> bool:
        subject = subject_of(self._session, face, self._session.shown_frame_idx)
        if subject is None:
            return False
        is_selected = face.track_id == self._session.selected_track
        chosen = self._points.selected_of(subject) if is_selected else []
        members = chosen if index in chosen else [index]
        return self._points.editor.set_visible(subject, members, not subject.visible[index])

    def _hover(self, at: QPointF) -> None:
        hit = None if self._session.playing else self._aim.editable_point_at(at)
        place = None if hit is None else np.asarray(hit[0].landmarks[hit[1]], dtype=np.float64)
        was, self._hovered = self._hovered, place
        same = was is place or (was is not None and place is not None and (was == place).all())
        if not same:
            self._view.viewport().setCursor(
                Qt.CursorShape.ArrowCursor if place is None else Qt.CursorShape.PointingHandCursor
            )
            self.refresh()

    def _preview_tool(self, at: QPointF) -> None:
        assert self.tool is not None
        subject, xy = self.tool.subject, self.tool.preview(self._aim.image_xy(at))
        if xy is None:
            self._view.show_live_face(None)
        else:
            self._show(subject, xy, range(subject.count))

    @Slot()
    def _on_data_changed(self) -> None:
        """The face may be another than when the drag began: after an undo, for one."""
        if self._press is not None:
            self.cancel()
        elif self.tool is not None:
            fresh = chosen_subject(self._session) or absent_subject(self._session)
            self.tool.go_on_with(fresh or self.tool.subject)
        self.refresh()

    @Slot()
    def _on_frame_changed(self) -> None:
        """A turn by wheel is recorded; a drag or tool was for the frame that is left."""
        if self._rest.isActive():
            self.commit()
        elif self.tool is not None or self._press is not None:
            self.cancel()

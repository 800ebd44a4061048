"""The canvas: the frame with what is known of its faces, zoomed and moved with mouse and keys.

Image and overlays always change together: overlays are fetched for the frame that has arrived, not
for the one asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, Signal, Slot
from PySide6.QtGui import (
    QColor,
    QHelpEvent,
    QImage,
    QMouseEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QGraphicsScene, QGraphicsView, QToolTip, QWidget

from app import convert, theme
from app.canvas import face_picture
from app.canvas.face_item import FaceItem, Span
from app.canvas.face_picture import FacePicture
from app.canvas.frame_item import FrameItem
from app.canvas.hover import describe_point
from app.canvas.hud import Hud, HudContent
from app.canvas.hud_content import hud_content
from app.session import Session
from app.viewing import NO_FACE, Tone

MIN_ZOOM = 0.02
MAX_ZOOM = 64.0
_WHEEL_STEP = 1.2
_FACE_MARGIN = 0.25


class VideoView(QGraphicsView):
    """Shows the session's frame and faces.

    Signals:
        zoom_changed: Screen pixels a clip pixel takes. The transport bar listens.
        drawn: Frame or faces are other ones now. The magnifier listens.
    """

    zoom_changed = Signal(float)
    drawn = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._frame_item = FrameItem()
        self._face_items: list[FaceItem] = []
        self._live_face: Any = None
        self.faces: Sequence[Any] = ()
        """Faces of the shown frame, the one in the middle of a drag as it is there."""
        self._face_span: Span | None = None
        self._bare_image = QImage()
        self._is_fitted = True
        self._is_approximate = False
        self._drag_from: QPoint | None = None
        self.pan_key_down = False
        """Whether the pan key (Space) is held; the main window sets it."""
        self.panned = False
        """Whether a drag moved the picture since the pan key went down."""
        self._prepare_view()
        self._hud = Hud(self.viewport())
        session.layers_changed.connect(self.refresh_faces)
        session.overlays_hidden_changed.connect(self.refresh_faces)
        session.face_selected.connect(self.refresh_faces)
        session.tone_changed.connect(self._on_tone_changed)
        session.data_changed.connect(self._on_data_changed)
        session.clip_changed.connect(self._on_clip_changed)
        session.playing_changed.connect(self._on_hurry_changed)
        session.scrubbing_changed.connect(self._on_hurry_changed)

    @property
    def hud(self) -> Hud:
        """The plate with number, time and faces."""
        return self._hud

    @property
    def zoom(self) -> float:
        """Screen pixels a clip pixel takes (in logical pixels)."""
        return self.transform().m11()

    @property
    def hurry(self) -> float | None:
        """For one of many frames shown in passing: the screen's pixels for one of the clip."""
        return self.zoom * self.devicePixelRatioF() if self._frame_item.is_hurried else None

    def shown_rgb(self) -> NDArray[np.uint8] | None:
        """Pixels of the frame shown, (H, W, 3), as they are in the clip; None without one."""
        return None if self._bare_image.isNull() else convert.rgb_from_image(self._bare_image)

    @property
    def is_approximate(self) -> bool:
        """Whether the frame only stands in for the one asked for."""
        return self._is_approximate

    def show_live_face(self, face: Any) -> None:
        """Draw a face as it is in the middle of a drag; None goes back to what is stored."""
        if face is not None or self._live_face is not None:
            self._live_face = face
            self.refresh_faces()

    def set_face_span(self, span: Span | None) -> None:
        """Draw faces in a part of the canvas only: the rest shows another run."""
        self._face_span = span
        for item in self._face_items:
            item.span = span

    def shows_other_at(self, position: QPointF) -> bool:
        """Whether a place of the viewport shows another run, which cannot be edited."""
        return self._face_span is not None and position.x() >= self._face_span[1]

    @property
    def image(self) -> QImage:
        """The frame shown."""
        return self._frame_item.image

    def show_frame(self, frame_idx: int, image: QImage, is_exact: bool = True) -> None:
        """Show a frame with its faces, and tell the session."""
        is_new_size = image.size() != self._frame_item.image.size()
        self._bare_image = image
        self._frame_item.set_image(self._toned(image))
        self._frame_item.setVisible(True)
        self._is_approximate = not is_exact
        if is_new_size:
            self._set_extent()
            self.fit()
        self._session.note_shown(frame_idx)
        self.refresh_faces()

    def show_notice(self, text: str) -> None:
        """Say what is going on while there is no frame yet."""
        self._hud.show_content(HudContent(text))

    @Slot()
    def refresh_faces(self) -> None:
        """Draw the faces of the shown frame anew."""
        session = self._session
        frame_idx = session.shown_frame_idx
        faces = session.faces(frame_idx) if frame_idx >= 0 else ()
        self.faces = self._with_live(faces)
        shown = () if session.overlays_hidden else self.faces
        while len(self._face_items) < len(shown):
            self._face_items.append(FaceItem(self.scene()))
            self._face_items[-1].is_hurried = self._frame_item.is_hurried
            self._face_items[-1].span = self._face_span
        hurry = self.hurry
        for item, face in zip(self._face_items, shown, strict=False):
            name = session.name_of(face.track_id)
            picture = face_picture.build(
                face, name, session.scheme_name(face), session.layers, hurry
            )
            is_selected = face.track_id == session.selected_track
            item.show_picture(picture, session.layers, is_selected)
        for item in self._face_items[len(shown) :]:
            item.setVisible(False)
        self._hud.show_content(hud_content(session, frame_idx, faces, self._is_approximate))
        self.drawn.emit()

    def _with_live(self, faces: Sequence[Any]) -> Sequence[Any]:
        live = self._live_face
        if live is None:
            return faces
        return [*(face for face in faces if face.track_id != live.track_id), live]

    # Slots of the action table

    def fit(self) -> None:
        """Show the whole frame."""
        if self._frame_item.image.isNull():
            return
        area, size = self.viewport().rect(), self._frame_item.image.size()
        zoom = min(area.width() / size.width(), area.height() / size.height())
        self._is_fitted = True
        self._set_zoom(zoom, is_fit=True)
        self.centerOn(self._frame_item)

    def actual_size(self) -> None:
        """One pixel of the clip is one pixel of the screen."""
        self._set_zoom(1.0 / self.devicePixelRatioF())

    def zoom_in(self) -> None:
        """Larger, around the middle."""
        self._zoom_around_centre(_WHEEL_STEP**2)

    def zoom_out(self) -> None:
        """Smaller, around the middle."""
        self._zoom_around_centre(_WHEEL_STEP**-2)

    def zoom_to_face(self) -> None:
        """Fill the canvas with the selected face, else with the first one."""
        items = [item for item in self._face_items if item.isVisible() and item.picture]
        chosen = [i for i in items if i.is_selected] or items
        if not chosen or chosen[0].picture is None:
            return
        bounds: QRectF = chosen[0].picture.bounds
        area = self.viewport().rect()
        extent = 1.0 + 2 * _FACE_MARGIN
        zoom = min(area.width() / bounds.width(), area.height() / bounds.height()) / extent
        self._set_zoom(zoom)
        self.centerOn(bounds.center())

    def _prepare_view(self) -> None:
        scene = QGraphicsScene(self)
        scene.setItemIndexMethod(QGraphicsScene.ItemIndexMethod.NoIndex)
        scene.addItem(self._frame_item)
        self.setScene(scene)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName("Canvas")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        # Every new frame dirties everything anyway; finding out what changed only costs.
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.FullViewportUpdate)
        self.setOptimizationFlag(QGraphicsView.OptimizationFlag.DontAdjustForAntialiasing)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setMouseTracking(True)
        self._paint_background()

    def _paint_background(self) -> None:
        dark = theme.is_dark(self.palette())
        self.setBackgroundBrush(QColor("#131517" if dark else "#d3d6da"))

    def _set_extent(self) -> None:
        """Leave room around the frame, so that any of its points can be put anywhere."""
        width, height = self._frame_item.image.width(), self._frame_item.image.height()
        room = 64.0 * max(width, height)
        self.setSceneRect(QRectF(-room, -room, width + 2 * room, height + 2 * room))

    def _set_zoom(self, zoom: float, is_fit: bool = False) -> None:
        centre = self.mapToScene(self.viewport().rect().center())
        self._is_fitted = is_fit
        zoom = min(max(zoom, MIN_ZOOM), MAX_ZOOM)
        self.resetTransform()
        self.scale(zoom, zoom)
        self.centerOn(centre)
        self.zoom_changed.emit(zoom)

    def _zoom_around_centre(self, factor: float) -> None:
        self._zoom_at(QPointF(self.viewport().rect().center()), factor)

    def _zoom_at(self, position: QPointF, factor: float) -> None:
        """Zoom so that the clip's point under `position` stays there."""
        if self._frame_item.image.isNull():
            return
        zoom = min(max(self.zoom * factor, MIN_ZOOM), MAX_ZOOM)
        anchor = self.viewportTransform().inverted()[0].map(position)
        self._set_zoom(zoom)
        moved = self.viewportTransform().map(anchor)
        self._scroll_by(moved - position)

    def _scroll_by(self, shift: QPointF) -> None:
        for bar, pixels in (
            (self.horizontalScrollBar(), shift.x()),
            (self.verticalScrollBar(), shift.y()),
        ):
            bar.setValue(bar.value() + round(pixels))

    def _toned(self, image: QImage) -> QImage:
        tone = self._session.tone
        if tone == Tone():
            return image
        return convert.toned(image, tone.brightness, tone.contrast)

    @Slot()
    def _on_tone_changed(self) -> None:
        if not self._bare_image.isNull():
            self._frame_item.set_image(self._toned(self._bare_image))
            self.drawn.emit()

    @Slot(int, int)
    def _on_data_changed(self, start: int, stop: int) -> None:
        if start <= self._session.shown_frame_idx < stop:
            self.refresh_faces()

    @Slot()
    def _on_clip_changed(self) -> None:
        self._bare_image = QImage()
        self._live_face = None
        self.faces = ()
        self._frame_item.set_image(QImage())
        self._frame_item.setVisible(False)
        for item in self._face_items:
            item.setVisible(False)
        entry = self._session.entry
        self.show_notice(f"Opening {entry.title}…" if entry and not entry.problem else "")

    @Slot()
    def _on_hurry_changed(self) -> None:
        hurried = self._session.playing or self._session.scrubbing
        self._frame_item.is_hurried = hurried
        for item in self._face_items:
            item.is_hurried = hurried
        self.refresh_faces()
        self.viewport().update()

    def picture_of(self, track_id: int) -> FacePicture | None:
        """What is drawn of a face; None while it is hidden."""
        drawn = [item.picture for item in self._face_items if item.isVisible()]
        return next((p for p in drawn if p is not None and p.track_id == track_id), None)

    def face_at(self, position: QPoint) -> int:
        """Track of the smallest face at a place of the viewport, NO_FACE if there is none."""
        point = self.mapToScene(position)
        hits = [
            item.picture
            for item in self._face_items
            if item.isVisible() and item.picture and item.contains_box(point)
        ]
        smallest = min(hits, key=lambda p: p.bounds.width() * p.bounds.height(), default=None)
        return smallest.track_id if smallest else NO_FACE

    # Qt overrides

    def viewportEvent(self, event: QEvent) -> bool:
        """Say what the landmark under the mouse is."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            at = convert.image_from_scene(self._scene_point(event.pos()))
            text = describe_point(self._session, at, reach_px=8.0 / self.zoom)
            QToolTip.showText(event.globalPos(), text, self.viewport())
            return True
        return super().viewportEvent(event)

    def _scene_point(self, position: QPoint) -> NDArray[np.float64]:
        point = self.viewportTransform().inverted()[0].map(QPointF(position))
        return np.array([point.x(), point.y()])

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom at the cursor."""
        steps = event.angleDelta().y() / 120.0
        if steps:
            self._zoom_at(event.position(), _WHEEL_STEP**steps)
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin to move the picture, or select a face."""
        is_middle = event.button() == Qt.MouseButton.MiddleButton
        is_left = event.button() == Qt.MouseButton.LeftButton
        if is_middle or (is_left and self.pan_key_down):
            self._drag_from = event.position().toPoint()
            self.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)
        elif is_left:
            self._session.select_face(self.face_at(event.position().toPoint()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Move the picture."""
        if self._drag_from is None:
            return
        here = event.position().toPoint()
        self._scroll_by(QPointF(self._drag_from - here))
        self._drag_from = here
        self._is_fitted = False
        self.panned = True

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End moving the picture."""
        self._drag_from = None
        self.viewport().unsetCursor()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """A second click is a click."""
        self.mousePressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep a fitted frame fitted."""
        super().resizeEvent(event)
        if self._is_fitted:
            self.fit()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the theme."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self._paint_background()

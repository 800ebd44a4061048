"""The timeline: a ruler and rows that zoom and scroll together under one cursor.

Row pictures are kept; while only the cursor moves they are copied, not made. Click or drag seeks,
Shift-drag chooses a range, the wheel zooms at the mouse, Shift-wheel scrolls, double click shows
the whole clip.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QBrush,
    QColor,
    QHelpEvent,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QPolygonF,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from app import convert, theme
from app.session import Session
from app.timeline.binning import make_bins
from app.timeline.row import Row
from app.timeline.rows import build_rows, difference_row, frame_title
from app.timeline.scale import Scale

LABELS_WIDTH = 92
_RULER = 24
_GAP = 2
_EDGE = 5
"""How near an end of the range the mouse takes hold of it, pixels."""
_CURSOR = QColor(230, 75, 60)
_RANGE = QColor(86, 180, 233)
_MARKER = QColor(204, 121, 167)


def range_words(chosen: tuple[int, int]) -> str:
    """The chosen range for a person: both ends as they are numbered, and how many frames."""
    start, stop = chosen
    return f"range {start:,} … {stop - 1:,} · {stop - start:,} frame{'s' * (stop - start > 1)}"


class TimelineView(QWidget):
    """Shows what is known of every frame of the session's clip.

    Signals:
        seek_asked: Frame the person clicked or dragged to. The main window passes it on.
        scale_changed: The part of the clip in view has changed. The scroll bar listens.
        rows_changed: There are other rows. The panel around it makes room.
    """

    seek_asked = Signal(int)
    scale_changed = Signal()
    rows_changed = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.scale = Scale.whole(0, 1.0)
        self._rows: list[Row] = []
        self._compared = False
        self._pictures: dict[int, QImage] = {}
        self._drag = ""
        self._range_from = 0
        self._pan_from = QPoint()
        self.setAccessibleName("Timeline")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(LABELS_WIDTH + 100)
        self.setMouseTracking(True)
        session.clip_ready.connect(self.show_whole)
        session.clip_changed.connect(self.show_whole)
        session.columns_changed.connect(self._on_columns_changed)
        session.frame_changed.connect(self._on_frame_changed)
        session.range_changed.connect(self.update)
        session.markers_changed.connect(self.update)
        session.comparison.measured.connect(self._on_measured)
        self._on_columns_changed()

    @property
    def rows(self) -> list[Row]:
        """The rows from top to bottom."""
        return self._rows

    @Slot()
    def show_whole(self) -> None:
        """Zoom out to the whole clip."""
        self._set_scale(Scale.whole(self._session.num_frames, self._plot_width()))

    def scroll_to(self, first: float) -> None:
        """Put a frame at the left edge; the scroll bar calls this."""
        self._set_scale(self.scale.scrolled(first - self.scale.first))

    def _plot_width(self) -> float:
        return max(float(self.width() - LABELS_WIDTH), 1.0)

    def _set_scale(self, scale: Scale) -> None:
        if scale != self.scale:
            self.scale = scale
            self._pictures.clear()
            self.scale_changed.emit()
            self.update()

    @Slot()
    def _on_columns_changed(self) -> None:
        session = self._session
        self._rows = build_rows(session.columns, session.name_of, session.colour_of)
        self._compared = False
        self._pictures.clear()
        self._on_measured()

    @Slot()
    def _on_measured(self) -> None:
        """The last row says how far the run compared with is away, where there is one."""
        comparison = self._session.comparison
        if self._compared:
            self._rows.pop()
        self._pictures.pop(len(self._rows), None)
        self._compared = len(comparison.distance) > 0
        if self._compared:
            self._rows.append(difference_row(comparison.distance, comparison.lonely))
        self.updateGeometry()
        self.rows_changed.emit()
        self.update()

    @Slot(int)
    def _on_frame_changed(self, frame_idx: int) -> None:
        if not self._drag:
            self._set_scale(self.scale.showing(frame_idx))
        self.update()

    def _x_of(self, frame: float) -> float:
        return LABELS_WIDTH + self.scale.x_of(frame)

    def _frame_at(self, position: QPointF) -> int:
        return self.scale.frame_at(position.x() - LABELS_WIDTH)

    def _range_edge_at(self, position: QPointF) -> int | None:
        """Where an end of the range can be taken hold of on the ruler: the frame of the other."""
        chosen = self._session.range
        if chosen is None or position.y() > _RULER:
            return None
        ends = ((chosen[0], chosen[1] - 1), (chosen[1], chosen[0]))
        near = [(abs(self._x_of(edge) - position.x()), other) for edge, other in ends]
        distance, other = min(near)
        return other if distance <= _EDGE else None

    def _row_tops(self) -> list[int]:
        tops, top = [], _RULER + _GAP
        for row in self._rows:
            tops.append(top)
            top += row.height + _GAP
        return tops

    def _row_picture(self, index: int) -> QImage:
        """The picture of a row at this zoom, made when first needed."""
        if index not in self._pictures:
            row, ratio = self._rows[index], self.devicePixelRatioF()
            width = max(round(self._plot_width() * ratio), 1)
            last = min(self.scale.first + self.scale.span, self.scale.frames)
            bins = make_bins(self.scale.first, last, width, self.scale.frames)
            image = convert.image_from_argb(row.render(bins, round(row.height * ratio)))
            image.setDevicePixelRatio(ratio)
            self._pictures[index] = image
        return self._pictures[index]

    # Painting

    def _paint_ruler(self, painter: QPainter) -> None:
        scale = self.scale
        painter.setFont(theme.figures_font(self.font()))
        text = self.palette().color(QPalette.ColorRole.PlaceholderText)
        painter.setPen(text)
        step = scale.tick_step(80.0)
        frame = int(scale.first // step) * step
        while frame <= scale.first + scale.span:
            x = round(self._x_of(frame))
            if x >= LABELS_WIDTH:
                painter.drawLine(x, _RULER - 6, x, _RULER - 1)
                if frame < scale.frames:
                    painter.drawText(QPointF(x + 4, _RULER - 8), f"{frame:,}")
            frame += step

    def _paint_rows(self, painter: QPainter) -> None:
        palette = self.palette()
        base = palette.color(QPalette.ColorRole.Base)
        text = palette.color(QPalette.ColorRole.WindowText)
        painter.setFont(self.font())
        align = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
        for index, (row, top) in enumerate(zip(self._rows, self._row_tops(), strict=True)):
            plot = QRect(LABELS_WIDTH, top, self.width() - LABELS_WIDTH, row.height)
            painter.fillRect(plot, base)
            painter.drawImage(plot.topLeft(), self._row_picture(index))
            painter.setPen(text)
            label = QRect(4, top - 3, LABELS_WIDTH - 12, row.height + 6)
            title = painter.fontMetrics().elidedText(
                row.title, Qt.TextElideMode.ElideRight, label.width()
            )
            painter.drawText(label, align, title)

    def _paint_range(self, painter: QPainter) -> None:
        chosen = self._session.range
        if chosen is None:
            return
        left, right = max(self._x_of(chosen[0]), LABELS_WIDTH), self._x_of(chosen[1])
        if right <= LABELS_WIDTH:
            return
        shade = QColor(_RANGE)
        shade.setAlpha(46)
        painter.fillRect(QRectF(left, 0, right - left, self.height()), shade)
        painter.fillRect(QRectF(left, 0, right - left, 3), _RANGE)
        painter.setPen(QPen(_RANGE, 1))
        for x in (left, right):
            painter.drawLine(QPointF(x, 0), QPointF(x, self.height()))

    def _paint_markers(self, painter: QPainter) -> None:
        """A flag on the ruler for every marked frame."""
        painter.setPen(QPen(_MARKER, 1.5))
        painter.setBrush(QBrush(_MARKER))
        for frame in self._session.markers:
            x = (self._x_of(frame) + self._x_of(frame + 1)) / 2
            if LABELS_WIDTH <= x <= self.width():
                painter.drawLine(QPointF(x, 2), QPointF(x, _RULER))
                painter.drawPolygon(QPolygonF([QPointF(x, 2), QPointF(x + 8, 5.5), QPointF(x, 9)]))

    def _paint_cursor(self, painter: QPainter) -> None:
        frame_idx = self._session.frame_idx
        left, right = self._x_of(frame_idx), self._x_of(frame_idx + 1)
        middle = (left + right) / 2
        if middle < LABELS_WIDTH:
            return
        if 3 < right - left < 160:
            shade = QColor(_CURSOR)
            shade.setAlpha(60)
            painter.fillRect(QRectF(left, _RULER, right - left, self.height()), shade)
        painter.setPen(QPen(_CURSOR, 1.5))
        painter.drawLine(QPointF(middle, _RULER - 4), QPointF(middle, self.height()))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QBrush(_CURSOR))
        top = float(_RULER - 10)
        painter.drawPolygon(
            QPolygonF(
                [
                    QPointF(middle - 5, top), QPointF(middle + 5, top),
                    QPointF(middle + 5, top + 4), QPointF(middle, top + 9),
                    QPointF(middle - 5, top + 4),
                ]
            )
        )  # fmt: skip

    # Qt overrides

    def sizeHint(self) -> QSize:
        """As high as its rows."""
        height = _RULER + _GAP + sum(row.height + _GAP for row in self._rows) + 2
        return QSize(600, height)

    def minimumSizeHint(self) -> QSize:
        """As high as its rows."""
        return QSize(LABELS_WIDTH + 100, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Copy the rows, then the cursor over them."""
        painter = QPainter(self)
        if self.scale.frames:
            self._paint_rows(painter)
            self._paint_ruler(painter)
            self._paint_range(painter)
            self._paint_markers(painter)
            self._paint_cursor(painter)
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The same frames over another width."""
        self._set_scale(self.scale.resized(self._plot_width()))

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom at the mouse; scroll with Shift or sideways."""
        delta = event.angleDelta()
        sideways = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier) or delta.x() != 0
        steps = (delta.x() or delta.y()) / 120.0
        if sideways:
            self._set_scale(self.scale.scrolled(-steps * self.scale.span * 0.1))
        else:
            x = max(event.position().x() - LABELS_WIDTH, 0.0)
            self._set_scale(self.scale.zoomed(1.25**steps, x))
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Seek, or begin a range or a shift."""
        if not self.scale.frames:
            return
        if event.button() == Qt.MouseButton.MiddleButton:
            self._drag = "pan"
            self._pan_from = event.position().toPoint()
        elif event.button() == Qt.MouseButton.LeftButton:
            frame_idx = self._frame_at(event.position())
            fixed_end = self._range_edge_at(event.position())
            if fixed_end is not None:
                self._drag, self._range_from = "range", fixed_end
            elif event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
                self._drag, self._range_from = "range", frame_idx
                self._session.set_range((frame_idx, frame_idx + 1))
            else:
                self._drag = "seek"
                self._session.set_scrubbing(True)
                self.seek_asked.emit(frame_idx)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go on with what the press began."""
        frame_idx = self._frame_at(event.position())
        if not event.buttons():
            is_edge = self._range_edge_at(event.position()) is not None
            self.setCursor(Qt.CursorShape.SizeHorCursor if is_edge else Qt.CursorShape.ArrowCursor)
        if self._drag == "seek":
            self.seek_asked.emit(frame_idx)
        elif self._drag == "range":
            low, high = sorted((self._range_from, frame_idx))
            self._session.set_range((low, high + 1))
        elif self._drag == "pan":
            here = event.position().toPoint()
            moved = (self._pan_from.x() - here.x()) / self._plot_width() * self.scale.span
            self._pan_from = here
            self._set_scale(self.scale.scrolled(moved))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End a drag; after a seek the exact frame follows."""
        self._drag = ""
        self._session.set_scrubbing(False)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Show the whole clip."""
        self.show_whole()

    def event(self, event: QEvent) -> bool:
        """Say what a row says of the frame under the mouse."""
        if isinstance(event, QHelpEvent) and self.scale.frames:
            QToolTip.showText(event.globalPos(), self.tip_at(event.pos()), self)
            return True
        return super().event(event)

    def tip_at(self, position: QPoint) -> str:
        """The tooltip at a place of the widget."""
        frame_idx = self._frame_at(QPointF(position))
        title = frame_title(frame_idx, self._session.time_s(frame_idx))
        for row, top in zip(self._rows, self._row_tops(), strict=True):
            if top <= position.y() < top + row.height + _GAP:
                return f"{title}\n{row.describe(frame_idx)}"
        return "\n".join([title, *self._ruler_words(frame_idx)])

    def _ruler_words(self, frame_idx: int) -> list[str]:
        """What the ruler shows of a frame besides its number: a mark near by, the range."""
        reach = max(4.0 / self._plot_width() * self.scale.span, 0.5)
        near = [mark for mark in self._session.markers if abs(mark - frame_idx) <= reach]
        words = [f"marked frame {mark:,}" for mark in near[:3]]
        chosen = self._session.range
        if chosen is not None and chosen[0] <= frame_idx < chosen[1]:
            words.append(range_words(chosen))
        return words

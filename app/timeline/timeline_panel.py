"""The timeline with its scroll bar, scrolling up and down when there are many people."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QScrollBar, QVBoxLayout, QWidget

from app.session import Session
from app.timeline.timeline_view import LABELS_WIDTH, TimelineView

_STEPS_PER_FRAME = 10
"""Scroll bars count in whole numbers; the timeline scrolls by fractions of a frame."""


_SHARE = 0.245
"""Of the window's height that the rows may claim; more people are scrolled to."""
_LEAST_HEIGHT = 140


class TimelinePanel(QWidget):
    """Ruler, rows and scroll bar."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view = TimelineView(session, self)
        self._bar = QScrollBar(Qt.Orientation.Horizontal, self)
        self._bar.setAccessibleName("Timeline position")
        area = QScrollArea(self)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(self.view)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(area, 1)
        bar_line = QWidget(self)
        bar_layout = QVBoxLayout(bar_line)
        bar_layout.setContentsMargins(LABELS_WIDTH, 0, 0, 0)
        bar_layout.addWidget(self._bar)
        layout.addWidget(bar_line)
        self._area = area
        self.view.scale_changed.connect(self._on_scale_changed)
        self.view.rows_changed.connect(self._make_room)
        self._bar.valueChanged.connect(self._on_bar_moved)

    def _make_room(self) -> None:
        """Room for all rows while there are few people."""
        most = max(round(_SHARE * self.window().height()), _LEAST_HEIGHT)
        self._area.setMinimumHeight(min(self.view.sizeHint().height(), most))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A window of another height has room for other rows."""
        super().resizeEvent(event)
        self._make_room()

    def _on_scale_changed(self) -> None:
        scale = self.view.scale
        with QSignalBlocker(self._bar):
            hidden = max(scale.frames - scale.span, 0.0)
            self._bar.setRange(0, round(hidden * _STEPS_PER_FRAME))
            self._bar.setPageStep(max(round(scale.span * _STEPS_PER_FRAME), 1))
            self._bar.setSingleStep(max(round(scale.span * _STEPS_PER_FRAME * 0.1), 1))
            self._bar.setValue(round(scale.first * _STEPS_PER_FRAME))

    def _on_bar_moved(self, value: int) -> None:
        self.view.scroll_to(value / _STEPS_PER_FRAME)

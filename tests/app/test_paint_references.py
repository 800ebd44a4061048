"""PySide6 6.12.0 loses references to None in Python paint events and dies after some thousand."""

import sys

from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget


class Painted(QWidget):
    """Paints one line, in Python."""

    painted = 0

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.drawLine(0, 0, self.width(), self.height())
        painter.end()
        self.painted += 1


def test_repainting_does_not_lose_references_to_none(qtbot):
    widget = Painted()
    qtbot.addWidget(widget)
    widget.resize(50, 50)
    with qtbot.waitExposed(widget):
        widget.show()
    widget.repaint()
    before, painted = sys.getrefcount(None), widget.painted
    for _ in range(200):
        widget.repaint()
    assert widget.painted - painted == 200
    assert before - sys.getrefcount(None) < 50

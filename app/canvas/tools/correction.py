"""Everything that corrects landmarks, joined: selection, commands, tools on the canvas."""

from __future__ import annotations

from PySide6.QtCore import QObject

from app.actions import Actions
from app.canvas.tools.canvas_tools import CanvasTools
from app.canvas.video_view import VideoView
from app.correction.commands import PointCommands
from app.correction.frame_commands import FrameCommands
from app.correction.selection import PointSelection
from app.session import Session


class Correction(QObject):
    """Made once a window; the main window hands its parts to the action table."""

    def __init__(self, session: Session, canvas: VideoView) -> None:
        super().__init__(session)
        self.selection = PointSelection(session)
        self.points = PointCommands(session, self.selection)
        self.points.shown_rgb = canvas.shown_rgb
        self.frames = FrameCommands(session, self.points)
        self.tools = CanvasTools(session, canvas, self.selection, self.points)
        self._actions: Actions | None = None

    def parts(self) -> dict[str, QObject]:
        """What the action table's slots are found on."""
        return {"points": self.points, "frames": self.frames, "tools": self.tools}

    def connect_actions(self, actions: Actions) -> None:
        """Give the actions about selected landmarks their keys while there are any."""
        self._actions = actions
        self.selection.changed.connect(self._on_selection_changed)

    def _on_selection_changed(self) -> None:
        if self._actions is not None:
            self._actions.set_points_selected(bool(self.selection.points))

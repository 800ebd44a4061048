"""Everything about faces and people, joined: commands, the question in hand, the model's thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject

from app.navigator import Navigator
from app.people.adding import FaceAdder
from app.people.face_commands import FaceCommands
from app.people.identity import Identities
from app.people.people_commands import PeopleCommands
from app.people.picking import Picking
from app.session import Session


class People(QObject):
    """Made once a window; the main window hands its parts to the action table."""

    def __init__(
        self, session: Session, navigator: Navigator, shown_rgb: Callable[[], Any]
    ) -> None:
        super().__init__(session)
        self.picking = Picking(session)
        self.faces = FaceCommands(session)
        self.identities = Identities(session, self.picking)
        self.commands = PeopleCommands(session, navigator)
        self.adder = FaceAdder(session, shown_rgb)

    def parts(self) -> dict[str, QObject]:
        """What the action table's slots are found on."""
        return {
            "faces": self.faces,
            "identities": self.identities,
            "people": self.commands,
            "adder": self.adder,
        }

    def close(self) -> None:
        """End the model's thread."""
        self.adder.close()

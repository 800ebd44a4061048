"""Names, colours, hiding, and going to people: the slots behind them."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QColorDialog, QInputDialog

from app.navigator import Navigator
from app.people.roster import chosen_track, frames_of
from app.session import Session
from app.viewing import NO_FACE


class PeopleCommands(QObject):
    """Acts on the selected person.

    Signals:
        rename_asked: Track whose name is to be typed. The list of people takes it while it is
            visible; `rename_taken` says so.
        hidden_changed: Somebody was hidden or is shown again. The list of people listens.
    """

    rename_asked = Signal(int)
    hidden_changed = Signal()

    def __init__(self, session: Session, navigator: Navigator) -> None:
        super().__init__(session)
        self._session = session
        self._navigator = navigator
        self.rename_taken = False
        """Whether the list of people lets the name be typed in its place."""

    # Choosing

    def select_number(self, number: int) -> None:
        """Select a person by number in the list."""
        session = self._session
        tracks = session.columns.track_ids
        if number > len(tracks):
            session.hub.info(f"There are {len(tracks)} people in this clip.")
            return
        track = tracks[number - 1]
        session.select_face(track)
        if track not in {face.track_id for face in session.faces(session.frame_idx)}:
            session.hub.info(
                f"{session.name_of(track)} is not on this frame; Shift+Home goes to the first one."
            )

    def go_to_first(self) -> None:
        """The first frame of the selected person."""
        self._go(0)

    def go_to_last(self) -> None:
        """The last frame of the selected person."""
        self._go(-1)

    def go_to(self, track: int, last: bool = False) -> None:
        """The first or last frame of a person."""
        frames = frames_of(self._session, track)
        if len(frames):
            self._session.set_playing(False)
            self._navigator.jump(int(frames[-1 if last else 0]))
        else:
            self._session.hub.info(f"{self._session.name_of(track)} is on no frame.")

    # Naming

    def ask_name(self) -> None:
        """Let the name of the selected person be typed."""
        session = self._session
        track = self._chosen()
        if track == NO_FACE or session.document is None or session.entry is None:
            return
        self.rename_taken = False
        self.rename_asked.emit(track)
        if self.rename_taken:
            return
        dialog = QInputDialog(QApplication.activeWindow())
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setWindowTitle("Name a person")
        dialog.setLabelText(f"Who is {session.name_of(track)}?")
        dialog.setTextValue(session.document.person(session.entry.clip_id, track)[0])
        dialog.textValueSelected.connect(lambda name: self.set_name(track, name))
        dialog.open()

    def set_name(self, track: int, name: str) -> None:
        """Name a person; an empty name is none."""
        self._set(track, name=" ".join(name.split()))

    def ask_colour(self) -> None:
        """Let the colour of the selected person be chosen."""
        session = self._session
        track = self._chosen()
        if track == NO_FACE:
            return
        dialog = QColorDialog(QColor(*session.colour_of(track)), QApplication.activeWindow())
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setOption(QColorDialog.ColorDialogOption.DontUseNativeDialog)
        dialog.setWindowTitle(f"Colour of {session.name_of(track)}")
        dialog.colorSelected.connect(lambda colour: self.set_colour(track, colour.name()))
        dialog.open()

    def set_colour(self, track: int, colour: str) -> None:
        """Choose a person's colour, `#rrggbb`; "" goes back to the window's own choice."""
        self._set(track, colour=colour)

    # Hiding

    def toggle_hidden(self) -> None:
        """Do not show the selected person for now, or show them again."""
        track = self._chosen()
        if track != NO_FACE:
            self.set_hidden(track, track not in self._hidden())

    def show_all(self) -> None:
        """Show everybody."""
        self._hide(frozenset())

    def set_hidden(self, track: int, hidden: bool) -> None:
        """Hide a person, or show them again; what is known of them stays."""
        self._hide(self._hidden() | {track} if hidden else self._hidden() - {track})

    # Inside

    def _chosen(self) -> int:
        track = chosen_track(self._session)
        if track == NO_FACE:
            self._session.hub.info("Select a person first (F, a click, or Alt and a number).")
        return track

    def _go(self, which: int) -> None:
        track = self._chosen()
        if track != NO_FACE:
            self.go_to(track, last=which < 0)

    def _set(self, track: int, name: str | None = None, colour: str | None = None) -> None:
        session = self._session
        if session.document is None or session.entry is None:
            return
        from core.annotations.edits import SetTrack

        clip_id = session.entry.clip_id
        old = session.document.person(clip_id, track)
        new = (old[0] if name is None else name, old[1] if colour is None else colour)
        if new != old:
            session.apply(SetTrack(clip_id, track, *new, frame=session.frame_idx))

    def _hidden(self) -> frozenset[int]:
        session = self._session
        if session.document is None or session.entry is None:
            return frozenset()
        return session.document.hidden_people(session.entry.clip_id)

    def _hide(self, tracks: frozenset[int]) -> None:
        session = self._session
        if session.document is None or session.entry is None or tracks == self._hidden():
            return
        session.document.hide_people(session.entry.clip_id, tracks)
        if session.selected_track in tracks:
            session.select_face(NO_FACE)
        session.note_faces_changed()
        self.hidden_changed.emit()

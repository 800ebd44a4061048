"""Layers: which are shown, how opaque, filled or outlined, coloured by what; and the glyphs."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app import data_colours, layers, schemes, theme
from app.layers import COLOUR_MODES, LayerSpec
from app.session import Session
from app.viewing import Tone


class LayerControls:
    """The widgets of one layer."""

    def __init__(self, spec: LayerSpec, session: Session, parent: QWidget) -> None:
        self.spec = spec
        self._session = session
        self.eye = _switch(parent, f"Show {spec.title}")
        self.title = QLabel(spec.title, parent)
        self.opacity = QSlider(Qt.Orientation.Horizontal, parent)
        self.opacity.setRange(0, 100)
        self.opacity.setAccessibleName(f"Opacity of {spec.title}")
        self.opacity.setToolTip("Opacity")
        self.opacity.setMinimumWidth(70)
        self.outline = _switch(parent, f"Outlines only: {spec.title}") if spec.can_outline else None
        self.colour = self._colour_box(parent) if spec.can_colour else None
        self.eye.toggled.connect(lambda on: session.set_layer(spec.id, visible=on))
        self.opacity.valueChanged.connect(lambda v: session.set_layer(spec.id, opacity=v / 100))
        if self.outline:
            self.outline.toggled.connect(lambda on: session.set_layer(spec.id, outline_only=on))

    def _colour_box(self, parent: QWidget) -> QComboBox:
        box = QComboBox(parent)
        box.addItems(list(COLOUR_MODES))
        box.setAccessibleName(f"Colour {self.spec.title} by")
        box.setMinimumContentsLength(9)
        box.setToolTip("Colour by face, source or confidence")
        box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        box.currentTextChanged.connect(
            lambda mode: self._session.set_layer(self.spec.id, colour_by=mode)
        )
        return box

    def show_state(self, parent: QWidget) -> None:
        """Show how the layer is, without changing it."""
        state = self._session.layers[self.spec.id]
        colours = parent.palette()
        with QSignalBlocker(self.eye), QSignalBlocker(self.opacity):
            self.eye.setChecked(state.visible)
            self.opacity.setValue(round(100 * state.opacity))
        self.eye.setIcon(theme.icon("eye" if state.visible else "eye-off", colours))
        self.title.setEnabled(state.visible)
        if self.outline:
            with QSignalBlocker(self.outline):
                self.outline.setChecked(state.outline_only)
            self.outline.setIcon(theme.icon("outline", colours))
        if self.colour:
            with QSignalBlocker(self.colour):
                self.colour.setCurrentText(state.colour_by)


class ToneControls(QWidget):
    """Brightness and contrast of the view, and a way back."""

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self._session = session
        self.brightness = self._slider("Brightness of the view")
        self.contrast = self._slider("Contrast of the view")
        self.reset = QToolButton(self)
        self.reset.setAutoRaise(True)
        self.reset.setAccessibleName("Brightness and contrast as they are")
        self.reset.setToolTip("Brightness and contrast as they are in the clip")
        self.reset.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.reset.clicked.connect(lambda: session.set_tone(Tone()))
        line = QHBoxLayout(self)
        line.setContentsMargins(4, 0, 0, 0)
        line.setSpacing(6)
        line.addWidget(QLabel("Brightness", self))
        line.addWidget(self.brightness, 1)
        line.addWidget(QLabel("Contrast", self))
        line.addWidget(self.contrast, 1)
        line.addWidget(self.reset)
        session.tone_changed.connect(self.show_state)
        self.show_state()

    @Slot()
    def show_state(self) -> None:
        """Show how it is, without changing it."""
        tone = self._session.tone
        with QSignalBlocker(self.brightness), QSignalBlocker(self.contrast):
            self.brightness.setValue(round(100 * tone.brightness))
            self.contrast.setValue(round(100 * tone.contrast))
        self.reset.setEnabled(tone != Tone())
        self.reset.setIcon(theme.icon("undo", self.palette()))

    def _slider(self, name: str) -> QSlider:
        slider = QSlider(Qt.Orientation.Horizontal, self)
        slider.setRange(-100, 100)
        slider.setAccessibleName(name)
        slider.setToolTip(f"{name}; the clip stays as it is")
        slider.valueChanged.connect(self._on_moved)
        return slider

    def _on_moved(self) -> None:
        values = self.brightness.value() / 100, self.contrast.value() / 100
        self._session.set_tone(Tone(*values))


class LayersDock(QWidget):
    """One line a layer, then the legend of sources and review states."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.controls = {s.id: LayerControls(s, session, self) for s in layers.TABLE}
        outer = QVBoxLayout(self)
        outer.setContentsMargins(6, 6, 8, 6)
        grid = QGridLayout()
        grid.setHorizontalSpacing(6)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(2, 1)
        for row, control in enumerate(self.controls.values()):
            grid.addWidget(control.eye, row, 0)
            grid.addWidget(control.title, row, 1)
            grid.addWidget(control.opacity, row, 2)
            if control.outline:
                grid.addWidget(control.outline, row, 3)
            if control.colour:
                grid.addWidget(control.colour, row, 3)
        outer.addLayout(grid)
        self.note = QLabel(self)
        self.note.setWordWrap(True)
        self.note.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.note.setContentsMargins(4, 2, 0, 0)
        self.note.hide()
        outer.addWidget(self.note)
        outer.addSpacing(4)
        self.tone = ToneControls(session, self)
        outer.addWidget(self.tone)
        outer.addSpacing(4)
        outer.addWidget(_legend(self))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        session.layers_changed.connect(self.refresh)
        session.frame_shown.connect(self._say_outdated)
        session.data_changed.connect(self._say_outdated)
        session.playing_changed.connect(self._say_outdated)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Show how the layers are."""
        for control in self.controls.values():
            control.show_state(self)
        self.tone.show_state()

    @Slot()
    def _say_outdated(self) -> None:
        """Say which masks a net made before a person moved the landmarks of their face."""
        session = self._session
        if session.playing or session.scrubbing:
            return  # nobody reads it then, and the room it takes would come and go
        words = outdated_words(session)
        if words != self.note.text():
            self.note.setText(words)
            self.note.setVisible(bool(words))

    def sizeHint(self) -> QSize:
        """Wide enough for names, sliders and colour boxes."""
        return QSize(320, super().sizeHint().height())


def outdated_words(session: Session) -> str:
    """The sentence about masks older than the corrected landmarks; empty where there are none."""
    faces = session.faces(session.shown_frame_idx) if session.shown_frame_idx >= 0 else ()
    corrected = [f for f in faces if f.label_maps and getattr(f, "edited", None) is not None]
    if not any(face.edited.any() for face in corrected):
        return ""
    from core.annotations.derived_masks import is_outdated

    found: dict[str, list[str]] = {}
    for face in corrected:
        for name in face.label_maps:
            if is_outdated(face, name):
                scheme = schemes.mask_scheme(name)
                title = scheme.title if scheme else name
                found.setdefault(title, []).append(session.name_of(face.track_id))
    parts = [f"{title} of {', '.join(people)}" for title, people in found.items()]
    return f"Older than your corrections: {'; '.join(parts)}." if parts else ""


def _switch(parent: QWidget, name: str) -> QToolButton:
    button = QToolButton(parent)
    button.setCheckable(True)
    button.setAutoRaise(True)
    button.setAccessibleName(name)
    button.setToolTip(name)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button


def _legend(parent: QWidget) -> QWidget:
    """The glyphs of the six sources, three a line."""
    legend = QWidget(parent)
    legend.setAccessibleName("Legend of sources")
    grid = QGridLayout(legend)
    grid.setContentsMargins(4, 0, 0, 0)
    grid.setHorizontalSpacing(6)
    grid.setVerticalSpacing(3)
    for column in (1, 3, 5):
        grid.setColumnStretch(column, 1)
    for index, mark in enumerate(data_colours.SOURCES.values()):
        glyph, title = QLabel(legend), QLabel(mark.title, legend)
        ratio = parent.devicePixelRatioF()
        glyph.setPixmap(data_colours.mark_pixmap(mark, 13, ratio, rimmed=True))
        grid.addWidget(glyph, index // 3, 2 * (index % 3))
        grid.addWidget(title, index // 3, 2 * (index % 3) + 1)
    return legend

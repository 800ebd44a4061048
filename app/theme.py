"""The look of the interface: light, dark or the system's; fonts and tinted icons.

Fusion with `QStyleHints.setColorScheme` and a calm palette of greys; no style-sheet library. Icons
are SVG drawn in `currentColor` and tinted with the palette's text colour. The colours of the data
are not here: see `data_colours`.
"""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QIcon, QImage, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication, QStyleFactory

from core import paths

THEMES = ("system", "light", "dark")
FONT_FAMILY = "Source Sans Pro"
_ICON_SIZES = (16, 20, 24, 32, 48)

_ROLES = QPalette.ColorRole
_LIGHT: dict[QPalette.ColorRole, str] = {
    _ROLES.Window: "#f1f2f4", _ROLES.WindowText: "#1d2126", _ROLES.Base: "#ffffff",
    _ROLES.AlternateBase: "#f6f7f8", _ROLES.Text: "#1d2126", _ROLES.Button: "#e7e9ec",
    _ROLES.ButtonText: "#1d2126", _ROLES.BrightText: "#ffffff", _ROLES.Highlight: "#2f6f9f",
    _ROLES.HighlightedText: "#ffffff", _ROLES.ToolTipBase: "#2a2e33", _ROLES.ToolTipText: "#f2f3f5",
    _ROLES.PlaceholderText: "#6d747c", _ROLES.Link: "#1f5f90", _ROLES.LinkVisited: "#5b5590",
    _ROLES.Light: "#ffffff", _ROLES.Midlight: "#eceef0", _ROLES.Mid: "#bfc4ca",
    _ROLES.Dark: "#9aa0a7", _ROLES.Shadow: "#6f757c", _ROLES.Accent: "#2f6f9f",
}  # fmt: skip
_DARK: dict[QPalette.ColorRole, str] = {
    _ROLES.Window: "#24272b", _ROLES.WindowText: "#e3e6e9", _ROLES.Base: "#1b1d20",
    _ROLES.AlternateBase: "#212428", _ROLES.Text: "#e3e6e9", _ROLES.Button: "#2f3338",
    _ROLES.ButtonText: "#e3e6e9", _ROLES.BrightText: "#ffffff", _ROLES.Highlight: "#3d7fae",
    _ROLES.HighlightedText: "#ffffff", _ROLES.ToolTipBase: "#3a3f45", _ROLES.ToolTipText: "#eef0f2",
    _ROLES.PlaceholderText: "#8d949c", _ROLES.Link: "#7db8e0", _ROLES.LinkVisited: "#a9a3dc",
    _ROLES.Light: "#41464d", _ROLES.Midlight: "#363b41", _ROLES.Mid: "#43484f",
    _ROLES.Dark: "#17191c", _ROLES.Shadow: "#0e0f11", _ROLES.Accent: "#5aa0d0",
}  # fmt: skip
_DISABLED = {"light": "#9aa0a7", "dark": "#6a7077"}


def install_fonts(app: QApplication) -> None:
    """Make the bundled typeface the program's, so that pictures are equal everywhere."""
    for file in sorted((paths.resources() / "fonts").glob("*.ttf")):
        QFontDatabase.addApplicationFont(str(file))
    if FONT_FAMILY in QFontDatabase.families():
        font = QFont(FONT_FAMILY)
        font.setPointSizeF(max(app.font().pointSizeF(), 10.5))
        app.setFont(font)


def figures_font(base: QFont, bold: bool = False) -> QFont:
    """A font whose digits are all equally wide, for counters that must not dance."""
    font = QFont(base)
    font.setFeature(QFont.Tag("tnum"), 1)
    if bold:
        font.setWeight(QFont.Weight.DemiBold)
    return font


def apply(app: QApplication, theme: str) -> None:
    """Put the window in a theme: "light", "dark" or "system"."""
    schemes = {"light": Qt.ColorScheme.Light, "dark": Qt.ColorScheme.Dark}
    if app.style().name().lower() != "fusion":
        app.setStyle(QStyleFactory.create("Fusion"))
    app.styleHints().setColorScheme(schemes.get(theme, Qt.ColorScheme.Unknown))
    app.setPalette(palette(resolved(app, theme)))


def resolved(app: QApplication, theme: str) -> str:
    """What "system" means now: "light" or "dark"."""
    if theme in ("light", "dark"):
        return theme
    return "dark" if app.styleHints().colorScheme() == Qt.ColorScheme.Dark else "light"


def palette(theme: str) -> QPalette:
    """The palette of "light" or "dark"."""
    result = QPalette()
    for role, colour in (_DARK if theme == "dark" else _LIGHT).items():
        result.setColor(role, QColor(colour))
    grey = QColor(_DISABLED[theme])
    for role in (_ROLES.WindowText, _ROLES.Text, _ROLES.ButtonText):
        result.setColor(QPalette.ColorGroup.Disabled, role, grey)
    return result


def is_dark(colours: QPalette) -> bool:
    """Whether a palette is a dark one."""
    return colours.color(_ROLES.Window).lightness() < 128


def icon(name: str, colours: QPalette) -> QIcon:
    """An icon tinted with the palette's text colour (greyed when disabled).

    Args:
        name: File name in resources/icons, without ".svg".
        colours: The palette of the widget that shows it.
    """
    text = colours.color(QPalette.ColorGroup.Active, _ROLES.ButtonText).name()
    grey = colours.color(QPalette.ColorGroup.Disabled, _ROLES.ButtonText).name()
    return _tinted_icon(name, text, grey)


def pixmap(name: str, colour: str, size: int, ratio: float = 1.0) -> QPixmap:
    """An icon as a pixmap of `size` logical pixels in one colour ("#rrggbb")."""
    result = _render(name, colour, round(size * ratio))
    result.setDevicePixelRatio(ratio)
    return result


@lru_cache(maxsize=256)
def _tinted_icon(name: str, text: str, grey: str) -> QIcon:
    result = QIcon()
    for size in _ICON_SIZES:
        result.addPixmap(_render(name, text, size), QIcon.Mode.Normal)
        result.addPixmap(_render(name, grey, size), QIcon.Mode.Disabled)
    return result


def _render(name: str, colour: str, size: int) -> QPixmap:
    source = (paths.resources() / "icons" / f"{name}.svg").read_text(encoding="utf-8")
    renderer = QSvgRenderer(QByteArray(source.replace("currentColor", colour).encode()))
    image = QImage(QSize(size, size), QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    renderer.render(painter, QRectF(0, 0, size, size))
    painter.end()
    return QPixmap.fromImage(image)

"""What the program tells a person: one sentence, with the details behind it.

Anything may post; the window's message bar listens. Messages posted before the window is there are
kept for it. A `CoreError` carries its sentence; anything else is our own fault and says so.
"""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from dataclasses import dataclass
from types import TracebackType

from PySide6.QtCore import QObject, Signal

from core.errors import CoreError

_logger = logging.getLogger("lineament")
_LEVELS = {"info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
OWN_FAULT = "Something went wrong inside Lineament; what you were doing may not have been done."


@dataclass(frozen=True)
class Message:
    """One thing to tell."""

    level: str
    """info, warning or error."""
    text: str
    """One sentence: what, where, what to do."""
    details: str = ""
    """Traceback or log lines behind "Details"."""


class MessageHub(QObject):
    """Where messages are posted, from any thread.

    Signals:
        posted: A Message. The message bar listens.
    """

    posted = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.history: list[Message] = []

    def post(self, message: Message) -> None:
        """Tell the person, and the log."""
        _logger.log(_LEVELS[message.level], "%s", message.text)
        if message.details:
            _logger.debug("%s", message.details)
        self.history.append(message)
        del self.history[:-200]
        self.posted.emit(message)

    def info(self, text: str) -> None:
        """Say what has been done."""
        self.post(Message("info", text))

    def warning(self, text: str, details: str = "") -> None:
        """Say what is not as it should be but does not stop the work."""
        self.post(Message("warning", text, details))

    def error(self, error: BaseException, text: str | None = None) -> None:
        """Tell an exception: its own sentence if it has one meant for people.

        Args:
            error: What was raised.
            text: The sentence to show instead.
        """
        self.post(Message("error", text or sentence_of(error), details_of(error)))


def sentence_of(error: BaseException) -> str:
    """The sentence a person reads for an exception."""
    if isinstance(error, CoreError):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{error.strerror}."
    return OWN_FAULT


def details_of(error: BaseException) -> str:
    """The traceback of an exception."""
    return "".join(traceback.format_exception(error))


def install_hooks(hub: MessageHub) -> None:
    """Let exceptions nobody caught, in slots and in threads, reach the person."""

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
        else:
            hub.error(error)

    def thread_hook(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            hub.error(args.exc_value)

    sys.excepthook = hook
    threading.excepthook = thread_hook

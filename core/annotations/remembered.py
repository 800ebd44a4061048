"""Small answers kept until the tables change."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

Answer = TypeVar("Answer")


class Remembered:
    """Answers by question; a thread that asked before a change cannot leave its answer after it."""

    def __init__(self) -> None:
        self._answers: dict[Hashable, Any] = {}
        self._age = 0
        self._lock = threading.Lock()

    def get(self, question: Hashable, ask: Callable[[], Answer]) -> Answer:
        """The answer to a question, asked if it is not known."""
        with self._lock:
            if question in self._answers:
                return self._answers[question]
            age = self._age
        answer = ask()
        with self._lock:
            if age == self._age:
                self._answers[question] = answer
        return answer

    def clear(self) -> None:
        """Forget everything: the tables have changed."""
        with self._lock:
            self._answers.clear()
            self._age += 1

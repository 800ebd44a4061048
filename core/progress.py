"""How long work tells where it is and learns that it should stop.

A long function takes `report: Report = ignore` and `cancelled: Cancelled = never` and knows neither
terminal nor window; the same function serves scripts, tests, commands and jobs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from core.errors import JobCancelled


@dataclass(frozen=True)
class Progress:
    """One progress record, written as one line of `--events jsonl`."""

    stage: str
    """What is being done, a short noun phrase: "predict", "index", "train"."""
    done: int
    """Units finished."""
    total: int | None = None
    """Units in all; None while unknown."""
    values: Mapping[str, float | str] = field(default_factory=dict)
    """Figures that go with it: fps, loss, eta_s."""


Report = Callable[[Progress], None]
Cancelled = Callable[[], bool]


def ignore(progress: Progress) -> None:
    """Report to nobody."""


def never() -> bool:
    """Never cancelled."""
    return False


def check(cancelled: Cancelled) -> None:
    """Raise JobCancelled when the person has asked to stop."""
    if cancelled():
        raise JobCancelled("Cancelled.")

"""Giving way: a job beside an open window must not take the clip's playing from it."""

from __future__ import annotations

import os

_LOWEST = 19


def give_way(cores: int = 0) -> None:
    """Take the lowest priority and leave cores to others, as far as the system can.

    Affinity rather than a number of threads: torch, ONNX Runtime, OpenCV and this program's own
    pools all size themselves by the cores they may use.

    Args:
        cores: How many to use at most; 0 leaves one to others.
    """
    if hasattr(os, "nice"):
        os.nice(_LOWEST)
    if hasattr(os, "sched_setaffinity"):
        there = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, there[: cores or len(there) - 1] or there)

"""Giving way: a job beside an open window must not take the clip's playing from it."""

from __future__ import annotations

import os

_LOWEST = 19


def give_way() -> None:
    """Take the lowest priority and leave one core to others, as far as the system can.

    Affinity rather than a number of threads: torch, ONNX Runtime, OpenCV and this program's own
    pools all size themselves by the cores they may use.
    """
    if hasattr(os, "nice"):
        os.nice(_LOWEST)
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, cores[:-1] or cores)

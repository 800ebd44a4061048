"""A job's state in words."""

from __future__ import annotations

import time

from app.jobs import SILENT_S
from core.annotations.job_watch import DONE, FAILED, STOPPED, JobWatch


def state_words(watch: JobWatch) -> str:
    """What a job is doing, or how it ended: a line."""
    status = watch.status
    if status.state == DONE:
        return _result_words(watch)
    if status.state == STOPPED:
        return status.error or "Stopped."
    if status.state == FAILED:
        return status.error or "Failed; its log says why."
    asked = watch.files.stop_wanted()
    if asked:
        return "Stopping…" if asked == "early" else "Cancelling…"
    silent_s = time.monotonic() - watch.heard_s
    if silent_s > SILENT_S:
        return f"No sign of life for {duration(silent_s)}"
    return progress_words(watch)


def progress_words(watch: JobWatch) -> str:
    """How far a running job is."""
    status = watch.status
    if not status.stage:
        return "Starting…"
    words = [] if status.stage == watch.plan.kind else [status.stage]
    if status.share is not None:
        words.append(f"{100 * status.share:.0f} %")
    elif status.done:
        words.append(f"{status.done:,}")
    if status.fps:
        words.append(f"{status.fps:.0f} fps" if status.fps >= 10 else f"{status.fps:.1f} fps")
    if status.eta_s is not None and status.done:
        words.append(f"{duration(status.eta_s)} left")
    return " · ".join(words) or status.stage


def duration(seconds: float) -> str:
    """0:31, 12:05 or 2:00:09."""
    whole = max(round(seconds), 0)
    hours, rest = divmod(whole, 3600)
    minutes, rest = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _result_words(watch: JobWatch) -> str:
    result = watch.status.result
    if watch.plan.kind == "predict" and isinstance(result.get("tracks"), int):
        faces = f"{result['tracks']} face" + ("" if result["tracks"] == 1 else "s")
        return f"Done: {faces}, in {result.get('frames_with_face', 0):,} of {_frames(result)}"
    return f"Done: {_frames(result)}" if "frames" in result else "Done"


def _frames(result: dict[str, object]) -> str:
    count = result.get("frames", 0)
    return f"{count:,} frames" if isinstance(count, int) else "frames"

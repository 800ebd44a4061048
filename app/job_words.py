"""A job's state in words."""

from __future__ import annotations

import time

from app.jobs import SILENT_S
from core.annotations.job_watch import DONE, FAILED, STOPPED, JobWatch

RUN_KINDS = ("predict", "import")
"""Jobs that write a run of a clip."""
_SCORES = {"val_nme_box": "error {:.2f} % of the face", "val_f1_mean": "F1 {:.1f} %"}
"""What a validation is told by, in percent."""


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


def figure_words(watch: JobWatch) -> str:
    """What a training has learnt so far: epoch, loss, the last validation; empty for others."""
    figures = watch.status.figures
    if watch.plan.kind != "train" or "epoch" not in figures:
        return ""
    words = [f"epoch {figures['epoch'] + 1:.0f}"]
    words += [f"loss {figures['loss']:.4g}"] if "loss" in figures else []
    words += [text.format(100 * figures[key]) for key, text in _SCORES.items() if key in figures]
    return " · ".join(words)


def duration(seconds: float) -> str:
    """0:31, 12:05 or 2:00:09."""
    whole = max(round(seconds), 0)
    hours, rest = divmod(whole, 3600)
    minutes, rest = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _result_words(watch: JobWatch) -> str:
    result = watch.status.result
    if watch.plan.kind in RUN_KINDS and isinstance(result.get("tracks"), int):
        faces = f"{result['tracks']} face" + ("" if result["tracks"] == 1 else "s")
        left_out = "; something was left out, the log says what" if result.get("left_out") else ""
        found = f"{result.get('frames_with_face', 0):,} of {_frames(result)}"
        return f"Done: {faces}, in {found}{left_out}"
    if watch.plan.kind == "train":
        said = figure_words(watch)
        return f"Done: {said}" if said else "Done"
    return f"Done: {_frames(result)}" if "frames" in result else "Done"


def _frames(result: dict[str, object]) -> str:
    count = result.get("frames", 0)
    return f"{count:,} frames" if isinstance(count, int) else "frames"

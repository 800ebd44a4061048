"""What the training dock says in words."""

from __future__ import annotations

from app.job_words import duration, state_words
from app.training.curves import Picture
from core.annotations.job_watch import DONE, JobWatch

_SCORES = {"val_nme": "error", "val_nme_sparse": "error of sparse points", "val_f1_mean": "F1"}


def stage_words(picture: Picture | None, running: bool) -> str:
    """The stages, the one it is in set off."""
    if picture is None:
        return ""
    words = []
    for index, name in enumerate(picture.stages):
        text = f"{index + 1} {name}"
        is_here = index == picture.stage and running
        words.append(f"<b>{text}</b>" if is_here else text)
    return " › ".join(words)


def figures_words(picture: Picture | None, running: bool) -> str:
    """Its newest numbers: two short lines."""
    if picture is None:
        return ""
    figures = picture.figures
    first = [f"epoch {figures['epoch'] + 1:.0f}"] if "epoch" in figures else []
    if "loss" in figures:
        first.append(f"loss {figures['loss']:.4g}")
    if "lr" in figures:
        first.append(f"rate {figures['lr']:.2g}")
    second = []
    if picture.best is not None:
        at, best = picture.best
        second.append(
            f"best {_SCORES[picture.score]} {100 * best:.2f} % at {picture.axis} {at:,.0f}"
        )
    third = [f"{figures['samples_per_s']:,.0f} faces/s"] if "samples_per_s" in figures else []
    if running and "eta_s" in figures:
        end = "of the stage left" if len(picture.starts) else "left"
        third.append(f"{duration(figures['eta_s'])} {end}")
    if "gpu_mib" in figures:
        third.append(f"GPU {figures['gpu_mib']:,.0f} MiB")
    return "<br>".join(" · ".join(part) for part in (first, second, third) if part)


def comparison_words(watch: JobWatch | None) -> str:
    """What a comparison has found."""
    if watch is None:
        return ""
    if watch.status.state != DONE:
        return f"Comparing: {state_words(watch)}"
    result = watch.status.result
    peers = result.get("peers")
    scores = [(str(result.get("model", "")), result)]
    scores += list(peers.items()) if isinstance(peers, dict) else []
    said = [f"{name} {_score(score)}" for name, score in scores if isinstance(score, dict)]
    return f"On {result.get('n', 0)} held-out faces: " + "; ".join(said)


def _score(score: dict[str, object]) -> str:
    for name, title in (("nme_mean", "error"), ("miou", "mIoU")):
        value = score.get(name)
        if isinstance(value, float):
            return f"{title} {100 * value:.2f} %"
    return "no score"

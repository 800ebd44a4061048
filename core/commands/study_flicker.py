"""`study flicker`: how label maps tremble on rendered and on real clips, last mask fed or not."""

from __future__ import annotations

import argparse
from typing import Any

from core.commands.campaign import work_folder
from core.commands.console import Console
from core.commands.study_parts import CLIPS, FRAMES, parser, video_rows
from core.errors import InputError


def run(args: argparse.Namespace, console: Console) -> int:
    """Measure the models and keep one record for all of them.

    Raises:
        InputError: If no model is named, or clips without one detector.
    """
    from core.evaluation import label_steadiness as steady
    from core.evaluation import records
    from core.evaluation.labelled_clips import labelled_clips
    from core.faces.detection import make_detector

    if not args.models or bool(args.clip) != (len(args.detector) == 1):
        raise InputError(
            "study flicker needs --model (several), and for real clips --clip (several) and one "
            "--detector."
        )
    predictors = [parser(name) for name in args.models]
    watch = (console.report, console.cancelled)
    clips = labelled_clips(work_folder(args) / "clips", CLIPS, FRAMES, *watch)
    stretches = [
        steady.real_stretch(path, make_detector(args.detector[0]), args.frames, console.cancelled)
        for path in args.clip
    ]
    rows = [
        {"model": predictor.card.name} | row
        for predictor in predictors
        for row in video_rows(predictor, clips, stretches, console)
    ]
    record = records.make_record("flicker", args.title or "flicker", {"rows": rows})
    console.say(f"wrote {records.write_record(args.record, record)}")
    console.result(record, "\n".join(_line(row) for row in rows))
    return 0


def _line(row: dict[str, Any]) -> str:
    means = row["rendered"]["means"]
    fed = f"fed, hold {row['hold']:g}" if row["fed"] else "alone"
    text = (
        f"{row['model']} {fed}: mIoU {100 * means['miou']:.2f} %, "
        f"false changes {100 * means['false_changes']:.2f} %, blinks {100 * means['blinks']:.2f} %"
    )
    if "real" not in row:
        return text
    return text + (
        f"; real clips: changes {100 * row['real']['means']['changes']:.2f} %, "
        f"blinks {100 * row['real']['means']['blinks']:.2f} %"
    )

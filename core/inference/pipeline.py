"""A clip in, a run out: decode → detect and track → crop → net → map back → `.part` run → sealed.

The stages overlap (see `core.inference.stages`), memory is bounded by the channels between them,
stopping takes well under a second. At the end of every 256-frame segment the tracker's state is
saved with the frames; an interrupted run goes on from there and ends equal to an undisturbed one.
"""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np

from core.annotations.project import Project
from core.annotations.records import RunHeader
from core.annotations.rejections import RejectedRegions, rejected_regions
from core.annotations.run_part import RunWriter
from core.annotations.run_reader import RunReader
from core.errors import InputError, StoreError
from core.faces.detection import Detector
from core.inference import stages
from core.inference.backends import core_count
from core.inference.channel import Channel, Crew, Stopwatch
from core.inference.landmark_predictor import LandmarkPredictor
from core.inference.parsing_predictor import ParsingPredictor
from core.inference.predictor import Predictor
from core.progress import Cancelled, Progress, Report, check, ignore, never
from core.schemes import load_landmark_scheme
from core.video.reader import VideoReader

_AHEAD_BYTES = 160 << 20
"""Decoded frames waiting for the tracker."""
_REPORT_S = 0.2
_RESULT_VERSION = 2
"""Raised when tracking or masks change, so that no run is resumed by other rules than its own."""


@dataclass(frozen=True)
class Models:
    """What predicts: one landmark net, and any parsing nets that use its crops."""

    landmarks: LandmarkPredictor
    parsers: tuple[ParsingPredictor, ...] = ()

    @classmethod
    def of(cls, predictors: Sequence[Predictor]) -> Models:
        """Sort predictors into their places.

        Raises:
            InputError: If there is not exactly one landmark net, or two nets share a mask scheme.
        """
        finders = [p for p in predictors if isinstance(p, LandmarkPredictor)]
        parsers = tuple(p for p in predictors if isinstance(p, ParsingPredictor))
        if len(finders) != 1:
            raise InputError(
                f"A prediction needs one landmark model to follow faces by; {len(finders)} given."
            )
        if len({parser.scheme.name for parser in parsers}) != len(parsers):
            raise InputError("Two of the models give masks of the same scheme; leave one out.")
        return cls(finders[0], parsers)


@dataclass(frozen=True)
class PredictResult:
    """What one clip's prediction came to."""

    run_id: str
    frames: int
    """Frames processed in all, also before an interruption."""
    frames_with_face: int
    tracks: int
    fps: float
    """Frames a second of this call."""
    seconds: dict[str, float] = field(default_factory=dict)
    """By stage, summed over threads; "total" is the wall clock."""
    resumed_at: int | None = None
    """The frame this call went on from, if it resumed a run."""


def predict_clip(
    project: Project,
    clip_id: str,
    predictors: Sequence[Predictor],
    detector: Detector,
    *,
    start: int = 0,
    stop: int | None = None,
    masks: bool = True,
    restart: bool = False,
    report: Report = ignore,
    cancelled: Cancelled = never,
    begun: Callable[[str], None] | None = None,
) -> PredictResult:
    """Predict one clip of a project into a new run, or finish an interrupted one like it.

    Faces that a person deleted ("this is no face") are not found again.

    Args:
        project: May be open read-only; annotations are never touched.
        clip_id: The clip.
        predictors: One landmark predictor and any number of parsing predictors.
        detector: Finds faces to start from.
        start: First frame.
        stop: One past the last frame; the clip's end when None.
        masks: Paint `face5` from the landmarks where no parser gives it.
        restart: Do not look for an interrupted run.
        report: Told frames done, frames a second and seconds left.
        cancelled: Asked several times a second.
        begun: Told the run's name before its first frame.

    Raises:
        InputError: If the clip is missing or the range empty.
        ResourceError: If the disk is full; the run in progress is kept.
        JobCancelled: If the person has asked to stop; the run in progress is kept.
    """
    models = Models.of(predictors)
    path = project.clip_path(project.clip(clip_id))
    if not path.exists():
        raise InputError(f"{path}: the clip is no longer there; relink it in the project.")
    cache = project.folder / "cache"
    with VideoReader(path, cache, report, cancelled, cache_bytes=0) as reader:
        end = reader.info.frames if stop is None else min(stop, reader.info.frames)
        if not 0 <= start < end:
            raise InputError(
                f"{path}: frames {start} … {end} are none of its {reader.info.frames} frames."
            )
        rejected = rejected_regions(project, clip_id, start, end)
        header = _header(
            clip_id, models, detector, (start, end), reader.info.frames, masks, rejected.digest
        )
        writer, resumed = _writer(project, header, restart)
        if begun is not None:
            begun(writer.header.run_id)
        watch = Stopwatch()
        began, first = time.perf_counter(), writer.next_frame
        try:
            _fill(reader, writer, models, detector, masks, rejected, watch, report, cancelled)
            with watch.measure("store"):
                sealed = writer.seal()
        except BaseException:
            writer.close()  # the run in progress stays and can be gone on with
            raise
        watch.seconds["total"] = time.perf_counter() - began
    return _result(sealed, watch.seconds, end - first, first if resumed else None)


def _header(
    clip_id: str,
    models: Models,
    detector: Detector,
    span: tuple[int, int],
    frames: int,
    masks: bool,
    rejected: str,
) -> RunHeader:
    """The run's header; `settings` holds all that decides about its content."""
    nets: list[Predictor] = [models.landmarks, *models.parsers]
    given = [parser.scheme.name for parser in models.parsers]
    derived = ["face5"] if _derives(models, masks) else []
    settings = {
        "version": _RESULT_VERSION,
        "models": [
            {"name": net.card.name, "sha256": net.sha256, "device": net.device,
             "backend": net.backend_name} for net in nets
        ],
        "detector": detector.name,
        "detect_every": stages.DETECT_EVERY,
        "derived_masks": derived,
    }  # fmt: skip
    if rejected:
        settings["rejected"] = rejected
    return RunHeader(
        run_id="",
        clip_id=clip_id,
        kind="predict",
        title=" + ".join(net.card.name for net in nets),
        frames=frames,
        start=span[0],
        stop=span[1],
        model=models.landmarks.card.as_record(),
        landmark_scheme=models.landmarks.scheme.name,
        mask_schemes=(*given, *derived),
        # To the microsecond: the oldest run is the shown one, also of two made within a second.
        created=datetime.now(UTC).isoformat(timespec="microseconds"),
        settings=settings,
    )


def _derives(models: Models, masks: bool) -> bool:
    """Whether `face5` is painted: wanted, not given by a net, and all 68 points are there."""
    if not masks or any(parser.scheme.name == "face5" for parser in models.parsers):
        return False
    scheme, target = models.landmarks.scheme, load_landmark_scheme("ibug68")
    probe = np.zeros((scheme.num_points, 2))
    return bool(np.isfinite(scheme.convert(probe, target)).all())


def _writer(project: Project, header: RunHeader, restart: bool) -> tuple[RunWriter, bool]:
    """A run to write: the newest interrupted one with this very header, else a new one."""
    if not restart:
        for old in reversed(project.runs(header.clip_id)):
            if _same_work(old, header) and not project.run_is_sealed(old.run_id):
                try:
                    return project.resume_run(old.run_id), True
                except StoreError:
                    continue  # another process is writing it, or it is damaged: a run of our own
    writer = project.start_run(header)
    # Also before the first segment ends there is a state to come back to.
    writer.save_state({})
    return writer, False


def _same_work(a: RunHeader, b: RunHeader) -> bool:
    keys = ("kind", "clip_id", "frames", "start", "stop", "model", "settings", "mask_schemes")
    return all(getattr(a, key) == getattr(b, key) for key in keys)


def _fill(
    reader: VideoReader,
    writer: RunWriter,
    models: Models,
    detector: Detector,
    masks: bool,
    rejected: RejectedRegions,
    watch: Stopwatch,
    report: Report,
    cancelled: Cancelled,
) -> None:
    """Run the stages from the writer's next frame to the run's end."""
    timed = stages.TimedDetector(detector, watch)
    tracker = stages.timed_tracker(models.landmarks, timed, watch)
    state = writer.load_state()
    if state:
        tracker.restore(state)
    header = writer.header
    maker = stages.MaskMaker(
        models.parsers,
        models.landmarks.eye_pair,
        models.landmarks.scheme if _derives(models, masks) else None,
        load_landmark_scheme("ibug68"),
        watch,
    )
    if state:
        maker.memory.restore(state.get("masks", ()))
    span = (writer.next_frame, header.stop)
    frame_bytes = reader.info.width * reader.info.height * 3
    ahead = int(np.clip(_AHEAD_BYTES // max(frame_bytes, 1), 4, 16))
    workers = max(1, min(4, core_count() - 1))
    with ThreadPoolExecutor(workers, "pipeline-detect") as pool, Crew() as crew:
        decoded: Channel[stages.Decoded] = crew.channel(ahead)
        followed: Channel[stages.Followed] = crew.channel(8)
        done: Channel[stages.Followed] = crew.channel(64)
        crew.start(
            lambda: stages.decode(reader, span, header.start, timed, pool, decoded, watch),
            "decode",
        )
        crew.start(
            lambda: stages.follow(
                decoded, tracker, rejected, bool(models.parsers), followed, watch
            ),
            "follow",
        )
        crew.start(lambda: maker.run(followed, done, crew), "masks")
        try:
            _store(done, writer, crew, watch, report, cancelled)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)  # after a stop nobody waits for them


def _store(
    done: Channel[stages.Followed],
    writer: RunWriter,
    crew: Crew,
    watch: Stopwatch,
    report: Report,
    cancelled: Cancelled,
) -> None:
    """Write frames as they come; report and look for a stop in between."""
    header = writer.header
    first, began = writer.next_frame, time.perf_counter()
    reported = 0.0
    while True:
        check(cancelled)
        crew.raise_error()
        try:
            item = done.get()
        except queue.Empty:
            continue
        except Exception:
            crew.raise_error()
            raise
        if item is None:
            break
        with watch.measure("store"):
            writer.append(item.frame_idx, item.records)
            if item.state is not None:
                writer.save_state(item.state)
        now = time.perf_counter()
        if now - reported >= _REPORT_S:
            reported = now
            report(_progress(header, item.frame_idx + 1, first, now - began))
    crew.raise_error()
    report(_progress(header, writer.next_frame, first, time.perf_counter() - began))


def _progress(header: RunHeader, next_frame: int, first: int, seconds: float) -> Progress:
    fps = (next_frame - first) / max(seconds, 1e-9)
    left_s = (header.stop - next_frame) / fps if fps > 0 else 0.0
    values: dict[str, float | str] = {"fps": round(fps, 1), "eta_s": round(left_s, 1)}
    return Progress("predict", next_frame - header.start, header.stop - header.start, values)


def _result(
    run: RunReader, seconds: dict[str, float], frames: int, resumed_at: int | None
) -> PredictResult:
    try:
        header = run.header
        with_face = np.zeros(header.stop - header.start, dtype=bool)
        for track in run.track_ids:
            with_face |= run.column(track, "flags", header.start, header.stop) > 0
        return PredictResult(
            run_id=header.run_id,
            frames=run.frames_done,
            frames_with_face=int(with_face.sum()),
            tracks=len(run.track_ids),
            fps=round(frames / max(seconds["total"], 1e-9), 2),
            seconds={stage: round(value, 3) for stage, value in seconds.items()},
            resumed_at=resumed_at,
        )
    finally:
        run.close()

"""The stages a clip's frames pass, each in a thread of its own.

    decode ─▶ (detect ahead, several threads) ─▶ follow: crop, net, track ─▶ masks ─▶ the caller

Detection of scheduled frames and cuts starts as soon as a frame is decoded; following waits for it
only when it gets there. Every stage keeps the frames' order and depends on nothing but the frames
and the state at the start, so a run that was interrupted and resumed equals one that was not.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from core.annotations.records import FaceRecord
from core.annotations.rejections import RejectedRegions
from core.annotations.segment_columns import SEGMENT
from core.faces.cuts import Thumbnail, is_cut, thumbnail
from core.faces.detection import Detection, Detector
from core.faces.tracking import Located, TrackedFace, Tracker, TrackerSettings
from core.geometry import Array
from core.inference.channel import Channel, Crew, Stopwatch
from core.inference.landmark_predictor import LandmarkPredictor
from core.inference.mask_memory import MaskMemory
from core.inference.parsing_predictor import ParsingPredictor
from core.inference.prediction import LastMask
from core.masks.from_landmarks import face5_from_landmarks
from core.schemes.landmarks import LandmarkScheme

Frame = NDArray[np.uint8]
DETECT_EVERY = 10
"""Frames between two scheduled detections."""
_PARSING_BATCH = 8
"""Faces a parsing net sees at once, over frames."""
_CHANNEL = 8
_KEEP_SHARE = 0.8
"""Of a net's face score: how sure it must stay of a face it follows."""


class Frames(Protocol):
    """Where frames come from; `core.video.VideoReader` is one."""

    def frames(self, start: int, stop: int) -> Any:
        """(index, RGB) of a range, in order."""


@dataclass
class Decoded:
    """A frame on its way to the tracker."""

    frame_idx: int
    rgb: Frame
    cut: bool
    found: Future[list[Detection]] | None


@dataclass
class Followed:
    """A frame's faces on their way to the masks and the store."""

    frame_idx: int
    rgb: Frame | None
    """Kept for parsing nets only."""
    frame_hw: tuple[int, int]
    faces: list[TrackedFace]
    state: dict[str, Any] | None
    """The tracker's after this frame, at the end of every segment; the masks' is added to it."""
    cut: bool = False
    """Whether a hard cut lies before it."""
    records: list[FaceRecord] = field(default_factory=list)


class TimedDetector:
    """A detector whose time counts to its own stage."""

    def __init__(self, detector: Detector, watch: Stopwatch) -> None:
        self.name = detector.name
        self._detector, self._watch = detector, watch

    def detect(self, rgb: Frame, thorough: bool = False) -> list[Detection]:
        """Faces of a frame."""
        with self._watch.measure("detect"):
            return self._detector.detect(rgb, thorough)


def decode(
    clip: Frames,
    span: tuple[int, int],
    origin: int,
    detector: Detector,
    pool: Executor,
    out: Channel[Decoded],
    watch: Stopwatch,
) -> None:
    """Decode a span of frames, see cuts, and start the detections that are due.

    Args:
        clip: The frames.
        span: First frame and one past the last.
        origin: The run's first frame, from which detections are counted.
        detector: Called in the pool.
        pool: Where detections run.
        out: Frames, in order.
        watch: Told the time taken.
    """
    # One frame earlier, to know whether the first one follows a cut.
    first = max(span[0] - 1, origin)
    before: Thumbnail | None = None
    frames = iter(clip.frames(first, span[1]))
    while True:
        with watch.measure("decode"):
            item = next(frames, None)
            if item is None:
                break
            frame_idx, rgb = item
            now = thumbnail(rgb)
            cut = before is not None and is_cut(before, now)
            before = now
        if frame_idx < span[0]:
            continue
        due = cut or (frame_idx - origin) % DETECT_EVERY == 0
        out.put(Decoded(frame_idx, rgb, cut, pool.submit(detector.detect, rgb) if due else None))
    out.end()


def follow(
    frames: Channel[Decoded],
    tracker: Tracker,
    rejected: RejectedRegions,
    keep_frames: bool,
    out: Channel[Followed],
    watch: Stopwatch,
) -> None:
    """Track the faces of every frame; hand on the tracker's state at each segment's end.

    A face where a person said that there is none is followed, so that it is the same face where it
    is not rejected, but not handed on.
    """
    for item in frames:
        found = None if item.found is None else item.found.result()
        with watch.measure("track"):
            unwanted = list(rejected.at(item.frame_idx))
            tracked = tracker.step(item.frame_idx, item.rgb, item.cut, found, unwanted)
            faces = [f for f in tracked if not rejected.covers(item.frame_idx, f.located.hull)]
            state = tracker.state() if ends_segment(item.frame_idx) else None
        height, width = item.rgb.shape[:2]
        rgb = item.rgb if keep_frames else None
        out.put(Followed(item.frame_idx, rgb, (height, width), faces, state, item.cut))
    out.end()


def ends_segment(frame_idx: int) -> bool:
    """Whether a frame is the last of a run's segment, after which the state is saved."""
    return (frame_idx + 1) % SEGMENT == 0


@dataclass
class MaskMaker:
    """Turns tracked faces into records, with the label maps that are wanted."""

    parsers: Sequence[ParsingPredictor]
    eye_pair: tuple[int, int] | None
    derive_from: LandmarkScheme | None
    """The landmarks' scheme, where `face5` is to be painted from them."""
    ibug68: LandmarkScheme
    watch: Stopwatch
    """Told the time taken."""
    memory: MaskMemory = field(default_factory=MaskMemory)
    """What nets with feedback said about each face last."""

    def run(self, frames: Channel[Followed], out: Channel[Followed], crew: Crew) -> None:
        """Work off the channel; parsing nets see several frames at once, never across segments."""
        waiting: list[Followed] = []
        for item in frames:
            waiting.append(item)
            faces = sum(len(one.faces) for one in waiting)
            full = not self.parsers or faces >= _PARSING_BATCH or len(waiting) >= _CHANNEL
            if full or ends_segment(item.frame_idx):
                self._hand_on(waiting, out)
                waiting = []
        self._hand_on(waiting, out)
        out.end()

    def _hand_on(self, items: list[Followed], out: Channel[Followed]) -> None:
        with self.watch.measure("masks"):
            for item in items:
                item.records = [self._record(face, item.frame_hw) for face in item.faces]
        for parser in self.parsers:
            with self.watch.measure("net"):
                if parser.feedback:
                    for item in items:
                        self._parse(parser, [item])
                else:
                    self._parse(parser, items)
        for item in items:
            if item.state is not None:
                item.state["masks"] = self.memory.state()
            item.rgb = None
            out.put(item)

    def _record(self, face: TrackedFace, frame_hw: tuple[int, int]) -> FaceRecord:
        located = face.located
        record = FaceRecord(
            track_id=face.track_id,
            box_xyxy=located.hull.astype(np.float32),
            score=float(located.score),
            landmarks=located.points.astype(np.float32),
            landmark_scores=located.point_scores.astype(np.float32),
        )
        if self.derive_from is not None:
            points = self.derive_from.convert(located.points, self.ibug68)
            record.label_maps["face5"] = face5_from_landmarks(points, frame_hw)
        return record

    def _parse(self, parser: ParsingPredictor, items: list[Followed]) -> None:
        looks, records, keys = [], [], []
        for item in items:
            for face, record in zip(item.faces, item.records, strict=True):
                if item.rgb is not None:  # it is: `follow` keeps frames where there are parsers
                    looks.append((item.rgb, parser.matrix(face.located.points, self.eye_pair)))
                    records.append(record)
                    keys.append((parser.scheme.name, face.track_id))
        last: list[LastMask | None] | None = None
        if parser.feedback:
            (frame,) = items  # one at a time: the next look needs this one's answer
            last = [self.memory.recall(key, frame.frame_idx, frame.cut) for key in keys]
        answers = parser.predict_batch(looks, last)
        for key, found in zip(keys, answers, strict=True):
            if found.last_mask is not None:
                self.memory.keep(key, items[0].frame_idx, found.last_mask)
        for record, found in zip(records, answers, strict=True):
            if found.label_map is not None and found.class_scores is not None:
                record.label_maps[parser.scheme.name] = found.label_map
                record.class_scores[parser.scheme.name] = found.class_scores


def timed_tracker(predictor: LandmarkPredictor, detector: Detector, watch: Stopwatch) -> Tracker:
    """A tracker whose net counts to its own stage."""

    def locate(rgb: Frame, matrices: Sequence[Array]) -> list[Located]:
        with watch.measure("net"):
            return predictor.locate(rgb, matrices)

    card = predictor.card
    settings = TrackerSettings(card.face_score, _KEEP_SHARE * card.face_score)
    return Tracker(locate, detector, card.box_rule, card.input_hw, predictor.eye_pair, settings)

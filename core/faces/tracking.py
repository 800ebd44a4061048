"""Faces through time: who is where in every frame, and who came back.

A face seen in the last frame is followed by the landmark net itself: the crop is made from its last
landmarks, moved on by its velocity, turned upright. Detection runs when asked (every tenth frame,
cuts), when a face is lost, and in every frame for a while after a start or a cut at which nobody
was found; what it finds is kept only if the landmark net is confident about it after a second pass
from its own landmarks. Who is who is settled by place and appearance: a face
that returns is matched to those who left (Hungarian assignment), two tracks on one face are told
apart by appearance and motion, and after two faces met their identities are checked again.

The tracker holds no clock and no random state: the same frames give the same tracks, also when it
is written down (`state`) in between.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.faces import assignment
from core.faces.appearance import Descriptor, describe
from core.faces.crops import CropRule, crop_matrix, eye_line_angle
from core.faces.detection import Detection, Detector, same_face
from core.faces.track import Track
from core.geometry import Array, box_iou, box_of_points

Frame = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Located:
    """What the landmark net says about one crop, in frame coordinates."""

    points: Array
    """(M, 2) float64 frame pixels."""
    point_scores: Array
    """(M,) 0 … 1."""
    score: float
    """Confidence that this is a face and the points are on it, 0 … 1."""

    @property
    def hull(self) -> Array:
        """The tight box of the points, (4,)."""
        return box_of_points(self.points)


Locate = Callable[[Frame, Sequence[Array]], list[Located]]
"""Runs the landmark net on crops of a frame, given their frame → crop maps."""


@dataclass(frozen=True)
class TrackerSettings:
    """When a face counts as found, kept, or the same."""

    start_score: float = 0.5
    """Confidence a new face needs."""
    keep_score: float = 0.4
    """Confidence a face needs that is followed (a hand over the mouth is no farewell) or of which
    the detector is sure: small soft faces get less from the landmark net."""
    sure_detection: float = 0.8
    """From which score on a detector is sure. On 62 real pictures and every 15th frame of 22 real
    clips PFLD gave 20 faces the cascades found less than `start_score`; 16 of them had at least
    0.8 and `keep_score`, none of the 11 false boxes had 0.8."""
    search: int = 10
    """Frames that are all searched after a start or a cut, until somebody is found."""
    patience: int = 10
    """Frames a lost face is still looked for where it was."""
    memory: int = 32
    """People remembered after they left."""
    same_look: float = 0.10
    """Unlikeness up to which a returning face is the same person wherever it appears. On real clips
    one person's views differ by < 0.1 for 95 % of the pairs of most clips, different people's in
    one studio by ≥ 0.11."""
    same_place_look: float = 0.35
    """The same for a face that returns within 50 frames to where it was."""
    relabel_gain: float = 0.06
    """By how much swapping two identities must fit the looks better, a face."""


@dataclass(frozen=True, eq=False)
class TrackedFace:
    """One face of one frame."""

    track_id: int
    located: Located


class Tracker:
    """Follows faces from frame to frame.

    Args:
        locate: The landmark net.
        detector: Asked when a face is lost; scheduled detections are handed in instead, because
            they can be made ahead of time in other threads.
        rule: The net's crop rule.
        input_hw: The net's input.
        eye_pair: Outer eye corners (image left, image right) among the points; None without eyes.
    """

    def __init__(
        self,
        locate: Locate,
        detector: Detector,
        rule: CropRule,
        input_hw: tuple[int, int],
        eye_pair: tuple[int, int] | None,
        settings: TrackerSettings | None = None,
    ) -> None:
        self._locate = locate
        self._detector = detector
        self._rule = rule
        self._input_hw = input_hw
        self._pair = eye_pair
        self._settings = settings or TrackerSettings()
        self._tracks: list[Track] = []
        self._next_id = 0
        self._wanted: set[int] = set()
        """Tracks followed in the last frame: only their loss calls for a detection."""
        self._search = self._settings.search
        """Frames still to be searched while nobody is found."""

    def step(
        self,
        frame_idx: int,
        rgb: Frame,
        cut: bool,
        found: Sequence[Detection] | None,
        rejected: Sequence[Array] = (),
    ) -> list[TrackedFace]:
        """Take in the next frame.

        Args:
            frame_idx: Its number, one more than the last.
            rgb: (H, W, 3).
            cut: Whether a hard cut lies before it.
            found: A detector's findings where detection was due, else None.
            rejected: Boxes (4,) where a person said that there is no face: none is taken up there.

        Returns:
            The faces, by track id.
        """
        if cut:
            self._forget_places()
        followed = self._follow(frame_idx, rgb)
        self._settle_doubles(frame_idx, rgb, followed)
        searching = self._search > 0 and not followed
        if found is None and (searching or self._wanted - followed.keys()):
            found = self._detector.detect(rgb, thorough=True)
        if found is not None:
            self._admit(frame_idx, rgb, followed, found, rejected)
            self._check_identities(frame_idx, rgb, followed)
        return self._close(frame_idx, followed)

    def state(self) -> dict[str, Any]:
        """Everything remembered, JSON-ready and exact."""
        return {
            "tracks": [track.as_record() for track in self._tracks],
            "next_id": self._next_id,
            "wanted": sorted(self._wanted),
            "search": self._search,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a state."""
        self._tracks = [Track.from_record(record) for record in state["tracks"]]
        self._next_id = int(state["next_id"])
        self._wanted = set(state["wanted"])
        self._search = int(state["search"])

    # ---- the steps, in order

    def _forget_places(self) -> None:
        for track in self._tracks:
            track.located = False
        self._wanted = set()
        self._search = self._settings.search

    def _follow(self, frame_idx: int, rgb: Frame) -> dict[int, Located]:
        """Look for every recent face near its last place."""
        sought = [t for t in self._tracks if t.located and t.missed < self._settings.patience]
        crops = [self._crop(track.predicted(frame_idx)) for track in sought]
        results = self._locate(rgb, crops) if crops else []
        followed = {}
        for track, located in zip(sought, results, strict=True):
            settings = self._settings
            floor = settings.start_score if track.missed else settings.keep_score
            if located.score >= floor and _plausible_step(track, located, frame_idx):
                followed[track.track_id] = located
        return followed

    def _settle_doubles(self, frame_idx: int, rgb: Frame, followed: dict[int, Located]) -> None:
        """Where two tracks ended on one face, the one it looks and moves like keeps it."""
        for a in sorted(followed):
            for b in sorted(followed):
                if a < b and a in followed and b in followed:
                    if same_face(followed[a].hull, followed[b].hull):
                        costs = {
                            i: self._mismatch(frame_idx, rgb, self._track(i), followed[i])
                            for i in (a, b)
                        }
                        loser = b if costs[a] <= costs[b] else a
                        self._track(a).last_near = self._track(b).last_near = frame_idx
                        del followed[loser]

    def _mismatch(self, frame_idx: int, rgb: Frame, track: Track, located: Located) -> float:
        """How badly a face fits a track: looks, and distance from where it was expected."""
        expected = np.nanmean(track.predicted(frame_idx), axis=0)
        jump = float(np.linalg.norm(np.nanmean(located.points, axis=0) - expected))
        return track.unlikeness(self._describe(rgb, located)) + 0.5 * jump / max(track.side, 1.0)

    def _admit(
        self,
        frame_idx: int,
        rgb: Frame,
        followed: dict[int, Located],
        found: Sequence[Detection],
        rejected: Sequence[Array],
    ) -> None:
        """Take up faces that were detected and are not followed yet."""
        faces = self._confirmed(rgb, followed, found, rejected)
        looks = [self._describe(rgb, face) for face in faces]
        absent = [track for track in self._tracks if track.track_id not in followed]
        costs = np.array(
            [[self._return_cost(t, f, d, frame_idx) for t in absent]
             for f, d in zip(faces, looks, strict=True)]
        ).reshape(len(faces), len(absent))  # fmt: skip
        known = assignment.pairs(costs, limit=1.0)
        for row, (face, look) in enumerate(zip(faces, looks, strict=True)):
            track = absent[known[row]] if row in known else self._new_track(face, frame_idx)
            track.remember(look)
            followed[track.track_id] = face

    def _confirmed(
        self,
        rgb: Frame,
        followed: dict[int, Located],
        found: Sequence[Detection],
        rejected: Sequence[Array],
    ) -> list[Located]:
        """The new faces among detections, after a first pass and one from their own landmarks."""
        taken = [*(located.hull for located in followed.values()), *rejected]
        new = [d for d in found if not any(same_face(d.hull_xyxy, hull) for hull in taken)]
        first = self._locate(rgb, [self._crop(d.hull_xyxy) for d in new]) if new else []
        crops = [
            self._crop(located.points if np.isfinite(located.hull).all() else d.hull_xyxy)
            for d, located in zip(new, first, strict=True)
        ]
        second = self._locate(rgb, crops) if crops else []
        faces: list[Located] = []
        for detection, located in zip(new, second, strict=True):
            certain = detection.score >= self._settings.sure_detection
            floor = self._settings.keep_score if certain else self._settings.start_score
            here = float(box_iou(detection.hull_xyxy, located.hull)[0, 0]) > 0.25
            again = any(same_face(located.hull, hull) for hull in taken)
            if located.score >= floor and here and not again:
                faces.append(located)
                taken.append(located.hull)
        return faces

    def _return_cost(self, track: Track, face: Located, look: Descriptor, frame_idx: int) -> float:
        """Cost of "this is that person again"; more than 1 = cannot be."""
        unlike = track.unlikeness(look)
        limit = self._settings.same_look
        if track.located and frame_idx - track.last_frame <= 50:
            centre = np.nanmean(face.points, axis=0)
            expected = np.nanmean(track.predicted(frame_idx), axis=0)
            if float(np.linalg.norm(centre - expected)) < track.side:
                limit = self._settings.same_place_look
        return unlike / limit

    def _check_identities(self, frame_idx: int, rgb: Frame, followed: dict[int, Located]) -> None:
        """Remember how everybody looks; put right the identities of faces that met lately."""
        ids = sorted(followed)
        looks = {i: self._describe(rgb, followed[i]) for i in ids}
        met = [i for i in ids if frame_idx - self._track(i).last_near <= 60]
        if len(met) >= 2:
            unlike = np.array([[self._track(a).unlikeness(looks[b]) for b in met] for a in met])
            best = assignment.pairs(unlike, limit=np.inf)
            moved = [a for a in range(len(met)) if best[a] != a]
            gain = sum(unlike[a, a] - unlike[a, best[a]] for a in moved)
            if moved and gain > self._settings.relabel_gain * len(moved):
                faces = {met[a]: followed[met[best[a]]] for a in range(len(met))}
                looks.update({met[a]: looks[met[best[a]]] for a in range(len(met))})
                followed.update(faces)
        for i in ids:
            apart = frame_idx - self._track(i).last_near > 3
            if apart and followed[i].score >= self._settings.start_score:
                self._track(i).remember(looks[i])

    def _close(self, frame_idx: int, followed: dict[int, Located]) -> list[TrackedFace]:
        """Write down where everybody is; forget who left longest ago."""
        for track in self._tracks:
            if track.track_id in followed:
                track.move(followed[track.track_id].points, frame_idx)
            else:
                track.missed += 1
        self._note_neighbours(frame_idx, followed)
        self._wanted = set(followed)
        self._search = 0 if followed else max(0, self._search - 1)
        self._tracks.sort(key=lambda track: (-track.last_frame, track.track_id))
        del self._tracks[max(self._settings.memory, len(followed)) :]
        return [TrackedFace(i, followed[i]) for i in sorted(followed)]

    def _note_neighbours(self, frame_idx: int, followed: dict[int, Located]) -> None:
        for a in followed:
            for b in followed:
                if a < b:
                    gap = np.linalg.norm(
                        np.nanmean(followed[a].points, 0) - np.nanmean(followed[b].points, 0)
                    )
                    if gap < 1.2 * max(self._track(a).side, self._track(b).side):
                        self._track(a).last_near = self._track(b).last_near = frame_idx

    # ---- small things

    def _track(self, track_id: int) -> Track:
        return next(track for track in self._tracks if track.track_id == track_id)

    def _new_track(self, face: Located, frame_idx: int) -> Track:
        track = Track(self._next_id, face.points, frame_idx)
        self._next_id += 1
        self._tracks.append(track)
        return track

    def _crop(self, anchor: Array) -> Array:
        angle = eye_line_angle(anchor, self._pair) if np.ndim(anchor) == 2 else 0.0
        return crop_matrix(self._rule, anchor, angle, self._input_hw)

    def _describe(self, rgb: Frame, located: Located) -> Descriptor:
        return describe(rgb, located.points, eye_line_angle(located.points, self._pair))


def _plausible_step(track: Track, located: Located, frame_idx: int) -> bool:
    """Whether a face can have changed place and size that much since it was last seen."""
    hull = located.hull
    if not np.isfinite(hull).all():
        return False
    side = float((hull[2:] - hull[:2]).max())
    jump = np.linalg.norm(
        np.nanmean(located.points, axis=0) - np.nanmean(track.predicted(frame_idx), axis=0)
    )
    return bool(0.6 < side / max(track.side, 1e-6) < 1.7 and jump < 0.6 * track.side)

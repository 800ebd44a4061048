"""What parsing nets said about each face in the frame before, for nets that are fed it again.

A mask is handed out for the very next frame only, and not across a cut; so new tracks, returning
ones and first frames start without one. It is kept as labels, not as probabilities: a run's saved
state then holds it exactly in a few hundred bytes a face.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

import numpy as np

from core.inference.prediction import LastMask
from core.masks.codec import decode_labels, encode_labels

Key = tuple[str, int]
"""Mask scheme of the net, and the face's track id."""


class MaskMemory:
    """The last mask of every face seen in the last frame."""

    def __init__(self) -> None:
        self._masks: dict[Key, tuple[int, LastMask]] = {}

    def recall(self, key: Key, frame_idx: int, cut: bool) -> LastMask | None:
        """The face's mask of the frame before `frame_idx`, if there is one and no cut between."""
        when, mask = self._masks.get(key, (-1, None))
        return mask if when == frame_idx - 1 and not cut else None

    def keep(self, key: Key, frame_idx: int, mask: LastMask) -> None:
        """Remember a face's mask; what is older than the frame before is forgotten."""
        old = [k for k, (when, _) in self._masks.items() if when < frame_idx - 1]
        for stale in old:
            del self._masks[stale]
        self._masks[key] = frame_idx, mask

    def state(self) -> list[dict[str, Any]]:
        """Everything remembered, JSON-ready and exact."""
        return [
            {
                "scheme": scheme,
                "track_id": track_id,
                "frame_idx": frame_idx,
                "hw": list(mask.labels.shape),
                "labels": base64.b64encode(encode_labels(mask.labels)).decode("ascii"),
                "matrix": mask.matrix.tolist(),
            }
            for (scheme, track_id), (frame_idx, mask) in sorted(
                self._masks.items(), key=lambda item: item[0]
            )
        ]

    def restore(self, state: Sequence[dict[str, Any]]) -> None:
        """Go on from a state."""
        self._masks = {}
        for record in state:
            height, width = record["hw"]
            labels = decode_labels(base64.b64decode(record["labels"]), (height, width))
            mask = LastMask(labels, np.array(record["matrix"], dtype=np.float64))
            self._masks[record["scheme"], record["track_id"]] = record["frame_idx"], mask

"""A landmark net with everything round it: crop, normalise, run, map back, say how sure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.errors import StoreError
from core.faces.crops import crop_matrix, extract_crop, eye_line_angle
from core.faces.tracking import Located
from core.geometry import Array, apply_affine, invert_affine
from core.inference.backends import Backend, Batch
from core.inference.confidence import scores_from_twins, twin_matrix
from core.inference.normalise import normalised
from core.inference.prediction import FacePrediction
from core.nets.model_card import ModelCard
from core.schemes.landmarks import LandmarkScheme

Frame = NDArray[np.uint8]


class LandmarkPredictor:
    """Landmarks of faces, in frame pixels.

    Args:
        card: The net's description.
        backend: Runs it.
        scheme: The card's landmark scheme.
        sha256: Of the model file.
        device: Where it runs, for people.

    Raises:
        StoreError: If what the net returns does not fit the scheme.
    """

    def __init__(
        self, card: ModelCard, backend: Backend, scheme: LandmarkScheme, sha256: str, device: str
    ) -> None:
        self.card, self.scheme, self.sha256, self.device = card, scheme, sha256, device
        self.backend_name = backend.name
        self._backend = backend
        self._mirror = np.array(card.mirror or scheme.mirror)
        self._confident = "confidence_logits" in card.outputs
        _check_outputs(card, scheme, self._mirror, backend)

    @property
    def eye_pair(self) -> tuple[int, int]:
        """The outer eye corners, the one on the image's left first."""
        return self.scheme.normalising_pair

    def predict(self, rgb: Frame, box_xyxy: Array) -> FacePrediction:
        """One face.

        Args:
            rgb: (H, W, 3).
            box_xyxy: The tight box (4,) its landmarks are expected in: a `FaceRecord`'s box, a
                `Detection`'s hull, or what a person drew round brows and chin.

        Returns:
            The landmarks after a second pass from those of the first.
        """
        hw = self.card.input_hw
        first = self.predict_batch([(rgb, crop_matrix(self.card.box_rule, box_xyxy, 0.0, hw))])[0]
        points = first.landmarks
        if points is None or not np.isfinite(points).all():
            return first
        angle = eye_line_angle(points, self.eye_pair)
        return self.predict_batch([(rgb, crop_matrix(self.card.box_rule, points, angle, hw))])[0]

    def predict_batch(self, faces: Sequence[tuple[Frame, Array]]) -> list[FacePrediction]:
        """Faces given as (frame, frame → crop map); one pass."""
        located = self._located(faces)
        return [FacePrediction(one.score, one.points, one.point_scores) for one in located]

    def locate(self, rgb: Frame, matrices: Sequence[Array]) -> list[Located]:
        """Several crops of one frame; what `core.faces.tracking.Tracker` asks for."""
        return self._located([(rgb, matrix) for matrix in matrices])

    def _located(self, faces: Sequence[tuple[Frame, Array]]) -> list[Located]:
        if not faces:
            return []
        hw = self.card.input_hw
        looks = [*faces]
        if not self._confident:
            looks += [(rgb, twin_matrix(matrix, hw)) for rgb, matrix in faces]
        crops = np.stack([extract_crop(rgb, matrix, hw) for rgb, matrix in looks])
        outputs = self._backend.run(normalised(crops, self.card.preprocessing))
        points = crop_points(self.card, outputs)
        in_frame = [
            apply_affine(invert_affine(matrix), own)
            for (_, matrix), own in zip(looks, points, strict=True)
        ]
        if self._confident:
            scores = _sigmoid(outputs[self.card.outputs.index("confidence_logits")])
            return [
                Located(p, s, _whole(p, float(s.mean())))
                for p, s in zip(in_frame, scores, strict=True)
            ]
        twins = zip(faces, in_frame, in_frame[len(faces) :], strict=False)
        return [self._agreed(matrix, first, second) for (_, matrix), first, second in twins]

    def _agreed(self, matrix: Array, first: Array, second: Array) -> Located:
        side_px = max(self.card.input_hw) / float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
        scores, score = scores_from_twins(first, second[self._mirror], side_px)
        return Located(first, scores, _whole(first, score))


def crop_points(card: ModelCard, outputs: tuple[Batch, ...]) -> Array:
    """The net's first points output as (B, M, 2) crop pixels, whatever its own units and shape."""
    raw = outputs[card.outputs.index("landmarks")].astype(np.float64)
    points = raw.reshape(len(raw), -1, 2)
    if card.arguments.get("point_units") == "fraction":
        # Fractions of the crop's width and height, 0 and 1 at its outer edges.
        points = points * np.array([card.input_hw[1], card.input_hw[0]]) - 0.5
    return points


def _check_outputs(
    card: ModelCard, scheme: LandmarkScheme, mirror: NDArray[np.int64], backend: Backend
) -> None:
    """One run on grey: a net that does not fit its card is found before the first frame."""
    outputs = backend.run(np.zeros((1, 3, *card.input_hw), dtype=np.float32))
    place = card.outputs.index("landmarks")
    values = outputs[place].size // 2 if len(outputs) > place else 0
    complete = len(outputs) >= len(card.outputs)
    if not complete or values != scheme.num_points or len(mirror) != scheme.num_points:
        raise StoreError(
            f"The model '{card.name}' gives {values} points where its scheme '{scheme.name}' has "
            f"{scheme.num_points}; it has the wrong scheme."
        )


def _whole(points: Array, score: float) -> float:
    """A score that is 0 where the net has failed altogether."""
    return score if np.isfinite(points).all() and np.isfinite(score) else 0.0


def _sigmoid(logits: Batch) -> Array:
    flat = logits.reshape(len(logits), -1).astype(np.float64)
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(flat, -60, 60))))

"""A parsing net with everything round it: crop, normalise, run, map the labels back."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import StoreError
from core.faces.crops import crop_corners, crop_matrix, extract_crop, eye_line_angle
from core.geometry import Array, apply_affine, box_of_points, compose_affine, invert_affine
from core.inference.backends import Backend
from core.inference.normalise import normalised
from core.inference.prediction import FacePrediction, LastMask
from core.masks.label_map import LabelMap
from core.nets.model_card import ModelCard
from core.schemes.masks import MaskScheme

Frame = NDArray[np.uint8]


class ParsingPredictor:
    """Label maps of faces, in frame pixels.

    A net with feedback (the card's `previous_channels`) also sees what it said about the face a
    frame before, moved into the new crop, as one plane a class; without one they are zero.

    Args:
        card: The net's description.
        backend: Runs it.
        scheme: The card's mask scheme.
        sha256: Of the model file.
        device: Where it runs, for people.

    Raises:
        StoreError: If what the net returns does not fit the scheme.
    """

    def __init__(
        self, card: ModelCard, backend: Backend, scheme: MaskScheme, sha256: str, device: str
    ) -> None:
        self.card, self.scheme, self.sha256, self.device = card, scheme, sha256, device
        self.backend_name = backend.name
        self._backend = backend
        self._logits = card.outputs.index("logits")
        self.feedback = card.previous_channels > 0
        self.hold = card.hold
        if card.previous_channels not in (0, scheme.num_classes):
            raise StoreError(
                f"The model '{card.name}' is fed {card.previous_channels} classes where its scheme "
                f"'{scheme.name}' has {scheme.num_classes}; wrong scheme."
            )
        blank = np.zeros((1, card.input_channels, *card.input_hw), dtype=np.float32)
        shape = backend.run(blank)[self._logits].shape
        if len(shape) != 4 or shape[1] != scheme.num_classes:
            raise StoreError(
                f"The model '{card.name}' gives {shape[1] if len(shape) > 1 else 'no'} classes "
                f"where its scheme '{scheme.name}' has {scheme.num_classes}; wrong scheme."
            )
        if card.hold and shape[2:] != card.input_hw:
            raise StoreError(f"The model '{card.name}' holds labels but gives fewer pixels.")

    def predict(self, rgb: Frame, box_xyxy: Array) -> FacePrediction:
        """One face, upright.

        Args:
            rgb: (H, W, 3).
            box_xyxy: The tight box (4,) its landmarks are expected in.
        """
        return self.predict_batch([(rgb, self.matrix(box_xyxy, None))])[0]

    def matrix(self, anchor: Array, eye_pair: tuple[int, int] | None) -> Array:
        """The frame → crop map for a face, from its landmarks (M, 2) or their box (4,)."""
        angle = eye_line_angle(anchor, eye_pair) if np.ndim(anchor) == 2 else 0.0
        return crop_matrix(self.card.box_rule, anchor, angle, self.card.input_hw)

    def predict_batch(
        self,
        faces: Sequence[tuple[Frame, Array]],
        last_masks: Sequence[LastMask | None] | None = None,
    ) -> list[FacePrediction]:
        """Faces given as (frame, frame → crop map), with what was said about each a frame before.

        Args:
            faces: Of any frames.
            last_masks: One a face, None where there is none; not looked at without feedback.
        """
        if not faces:
            return []
        batch = self._inputs(faces)
        if not self.feedback:
            logits = self._backend.run(batch)[self._logits]
        else:
            matrices = [matrix for _, matrix in faces]
            planes = self._planes(matrices, last_masks or [None] * len(faces))
            logits = self._backend.run(np.concatenate([batch, planes], axis=1))[self._logits]
            if self.hold:
                logits = logits + self.hold * planes
        return [
            self._mapped(one, matrix, (rgb.shape[0], rgb.shape[1]))
            for (rgb, matrix), one in zip(faces, logits, strict=True)
        ]

    def _inputs(self, faces: Sequence[tuple[Frame, Array]]) -> NDArray[np.float32]:
        crops = np.stack([extract_crop(rgb, m, self.card.input_hw) for rgb, m in faces])
        return normalised(crops, self.card.preprocessing)

    def _planes(
        self, matrices: Sequence[Array], last_masks: Sequence[LastMask | None]
    ) -> NDArray[np.float32]:
        """Last masks in the new crops as one-hot planes, (B, K, h, w)."""
        classes = np.arange(self.scheme.num_classes, dtype=np.uint8)[:, None, None]
        planes = np.zeros((len(matrices), len(classes), *self.card.input_hw), dtype=np.float32)
        for plane, matrix, last in zip(planes, matrices, last_masks, strict=True):
            if last is not None:
                plane[:] = moved_labels(last, matrix, self.card.input_hw) == classes
        return planes

    def _mapped(
        self, logits: NDArray[np.float32], matrix: Array, frame_hw: tuple[int, int]
    ) -> FacePrediction:
        probabilities = _softmax(logits)
        scores = class_scores(probabilities)
        own = _resized(matrix, self.card.input_hw, logits.shape[1:])
        label_map = labels_in_frame(probabilities, own, frame_hw)
        last = LastMask(logits.argmax(axis=0).astype(np.uint8), own) if self.feedback else None
        faces = scores[1:, 0]
        score = float(np.nanmean(faces)) if np.isfinite(faces).any() else 0.0
        return FacePrediction(score, label_map=label_map, class_scores=scores, last_mask=last)


def moved_labels(last: LastMask, matrix: Array, crop_hw: tuple[int, int]) -> NDArray[np.uint8]:
    """A last mask seen through the new crop's map, (h, w); background beyond the old crop.

    Nearest neighbours, as the masks the net was trained with.
    """
    from_old = compose_affine(matrix, invert_affine(last.matrix))
    size = (crop_hw[1], crop_hw[0])
    return np.asarray(
        cv2.warpAffine(last.labels, from_old, size, flags=cv2.INTER_NEAREST), np.uint8
    )


def labels_in_frame(
    probabilities: NDArray[np.float32], matrix: Array, frame_hw: tuple[int, int]
) -> LabelMap:
    """The most likely class of every frame pixel the crop covers.

    Probabilities, not labels, are brought to the frame's resolution, so that borders are as fine
    as the frame; outside the crop everything is background.

    Args:
        probabilities: (K, h, w).
        matrix: Frame → crop at that size.
        frame_hw: Size of the frame.
    """
    shape = (probabilities.shape[1], probabilities.shape[2])
    box = box_of_points(crop_corners(matrix, shape))
    x0, y0 = np.clip(np.floor(box[:2]), 0, [frame_hw[1], frame_hw[0]]).astype(int)
    x1, y1 = np.clip(np.ceil(box[2:]) + 1, 0, [frame_hw[1], frame_hw[0]]).astype(int)
    if x1 <= x0 or y1 <= y0:
        return LabelMap(np.zeros((0, 0), dtype=np.uint8), int(x0), int(y0))
    to_crop = compose_affine(matrix, np.array([[1.0, 0.0, x0], [0.0, 1.0, y0]]))
    best = _warped(probabilities[0], to_crop, (0, 0, int(x1 - x0), int(y1 - y0)), 1.0)
    labels = np.zeros(best.shape, dtype=np.uint8)
    for k, plane in enumerate(probabilities[1:], start=1):
        reach = _reach(plane, 1.0 / len(probabilities), to_crop, best.shape)
        if reach is not None:
            left, top, right, bottom = reach
            place = slice(top, bottom), slice(left, right)
            value = _warped(plane, to_crop, reach, 0.0)
            won = value > best[place]
            labels[place][won] = k
            np.copyto(best[place], value, where=won)
    return LabelMap(labels, int(x0), int(y0)).trimmed()


def _reach(
    plane: NDArray[np.float32], least: float, to_crop: Array, hw: tuple[int, ...]
) -> tuple[int, int, int, int] | None:
    """Where a class can win, xyxy half-open: the most likely of K has at least 1 / K.

    A value between pixels is none above its neighbours', so beyond a pixel round those that reach
    `least` it does not either. Small parts are looked at in their small boxes alone.
    """
    rows = np.flatnonzero(plane.max(axis=1) >= least)
    if not rows.size:
        return None
    columns = np.flatnonzero(plane.max(axis=0) >= least)
    low = np.array([columns[0] - 1.0, rows[0] - 1.0])
    high = np.array([columns[-1] + 1.0, rows[-1] + 1.0])
    corners = np.array([low, [high[0], low[1]], high, [low[0], high[1]]])
    box = box_of_points(apply_affine(invert_affine(to_crop), corners))
    left, top = np.clip(np.floor(box[:2]), 0, [hw[1], hw[0]]).astype(int)
    right, bottom = np.clip(np.ceil(box[2:]) + 1, 0, [hw[1], hw[0]]).astype(int)
    return (int(left), int(top), int(right), int(bottom)) if right > left and bottom > top else None


def _warped(
    plane: NDArray[np.float32], to_crop: Array, box: tuple[int, int, int, int], beyond: float
) -> NDArray[np.float32]:
    """One plane at the frame's resolution within a box; `beyond` the crop."""
    left, top, right, bottom = box
    matrix = compose_affine(to_crop, np.array([[1.0, 0.0, left], [0.0, 1.0, top]]))
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    size = (right - left, bottom - top)
    return np.asarray(
        cv2.warpAffine(plane, matrix, size, flags=flags, borderValue=beyond), np.float32
    )


def class_scores(probabilities: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mean and minimum probability of each class over the pixels it wins, (K, 2); NaN without."""
    winner = probabilities.argmax(axis=0)
    best = probabilities.max(axis=0)
    scores = np.full((len(probabilities), 2), np.nan, dtype=np.float32)
    for k in range(len(probabilities)):
        own = best[winner == k]
        if own.size:
            scores[k] = own.mean(), own.min()
    return scores


def _softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    shifted = np.exp(logits - logits.max(axis=0))
    return np.asarray(shifted / shifted.sum(axis=0), dtype=np.float32)


def _resized(matrix: Array, input_hw: tuple[int, int], out_hw: tuple[int, ...]) -> Array:
    """The map to the net's output, which may be coarser than its input."""
    sy, sx = out_hw[0] / input_hw[0], out_hw[1] / input_hw[1]
    # Outer edges scale: x ↦ (x + 0.5) s − 0.5.
    scale = np.array([[sx, 0.0, 0.5 * sx - 0.5], [0.0, sy, 0.5 * sy - 0.5]])
    return compose_affine(scale, matrix)

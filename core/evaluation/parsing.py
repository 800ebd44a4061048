"""Parsing models on a data set: F1 and IoU of every class, pooled over all pixels of all pictures.

The box of each face is the hull of its true landmarks where the data have them, else a detector's
largest find; a picture in which none is found counts as background everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.datasets.face_cache import UNKNOWN
from core.datasets.registry import read_samples
from core.datasets.sample import Sample
from core.errors import InputError
from core.faces.detection import Detector
from core.geometry import Array
from core.inference.parsing_predictor import ParsingPredictor
from core.metrics import iou
from core.progress import Cancelled, Progress, Report, check, ignore, never
from core.schemes import MaskScheme, load_landmark_scheme, load_mask_scheme

Groups = Mapping[str, tuple[str, ...]]
"""What is told apart: name → the classes that count as it. The first is the background."""


def read_labelled(specs: Sequence[str]) -> list[Sample]:
    """The samples of several SPECs that have a picture and labels, all of one convention.

    Raises:
        InputError: If none has, or their labels mean different things.
    """
    samples = [sample for text in specs for sample in read_samples(text)]
    usable = [s for s in samples if s.image is not None and s.labels is not None]
    if not usable:
        raise InputError(f"{', '.join(specs)}: no picture with labels to evaluate on.")
    if len({(s.mask_scheme, str(s.mask_groups)) for s in usable}) > 1:
        raise InputError(
            f"{', '.join(specs)}: their labels differ in meaning; evaluate each alone."
        )
    return usable


def evaluate_parsing(
    predictor: ParsingPredictor,
    samples: Sequence[Sample],
    detector: Detector | None,
    passes: int = 1,
    report: Report = ignore,
    cancelled: Cancelled = never,
) -> dict[str, Any]:
    """Score a model on samples, JSON-ready.

    Args:
        predictor: The model.
        samples: From `read_labelled`.
        detector: Finds faces where a sample has no landmarks.
        passes: 2 = a net with feedback looks again, fed its first answer.
        report: Told after every picture.
        cancelled: Looked at before every picture.

    Returns:
        `n`, `missed`, `f1` and `iou` by class, `f1_mean` and `miou` without background, `accuracy`.

    Raises:
        InputError: If the data tell apart what the model does not, or faces need a detector.
    """
    groups = groups_of(samples[0], predictor.scheme)
    own = lookup(predictor.scheme, groups)
    theirs = lookup(load_mask_scheme(str(samples[0].mask_scheme)), groups)
    counts = np.zeros((len(groups), len(groups)), dtype=np.int64)
    missed = 0
    for done, sample in enumerate(samples):
        check(cancelled)
        rgb = sample.rgb()
        anchor = _anchor(sample, rgb, detector)
        predicted = np.zeros(rgb.shape[:2], dtype=np.uint8)
        if anchor is None:
            missed += 1
        else:
            predicted = label_picture(predictor, rgb, *anchor, passes)
        assert sample.labels is not None
        truth = sample.labels()
        known = truth != UNKNOWN
        counts += iou.confusion_matrix(theirs[truth[known]], own[predicted[known]], len(groups))
        report(Progress("evaluate", done + 1, len(samples)))
    return {"n": len(samples), "missed": missed} | scores(counts, tuple(groups))


def label_picture(
    predictor: ParsingPredictor,
    rgb: NDArray[np.uint8],
    anchor: Array,
    eye_pair: tuple[int, int] | None,
    passes: int = 1,
) -> NDArray[np.uint8]:
    """The label map of a whole picture with one face, (H, W), from its landmarks or box."""
    matrix = predictor.matrix(anchor, eye_pair)
    found = predictor.predict_batch([(rgb, matrix)])[0]
    for _ in range(passes - 1):
        found = predictor.predict_batch([(rgb, matrix)], [found.last_mask])[0]
    assert found.label_map is not None
    return found.label_map.paste((rgb.shape[0], rgb.shape[1]))


def groups_of(sample: Sample, scheme: MaskScheme) -> Groups:
    """What a data set and a model both tell apart.

    Raises:
        InputError: If the model's scheme has no map to the data set's.
    """
    if sample.mask_groups is not None:
        return sample.mask_groups
    target = load_mask_scheme(str(sample.mask_scheme))
    table = scheme.maps.get(target.name)
    if table is None:
        raise InputError(f"{sample.name}: a {scheme.name} model says too little of {target.name}.")
    names = scheme.class_names
    return {
        name: tuple({name, *(n for n, to in zip(names, table, strict=True) if to == index)})
        for index, name in enumerate(target.class_names)
    }


def lookup(scheme: MaskScheme, groups: Groups) -> NDArray[np.uint8]:
    """The group of each class of a scheme, (256,); classes in no group are background."""
    table = np.zeros(256, dtype=np.uint8)
    for index, name in enumerate(scheme.class_names):
        table[index] = next((g for g, own in enumerate(groups.values()) if name in own), 0)
    return table


def scores(counts: NDArray[np.int64], names: tuple[str, ...]) -> dict[str, Any]:
    """All figures of a confusion matrix; classes that never appear are left out."""
    f1, overlap = iou.class_f1(counts), iou.class_iou(counts)
    return {
        "f1": {n: float(v) for n, v in zip(names, f1, strict=True) if np.isfinite(v)},
        "iou": {n: float(v) for n, v in zip(names, overlap, strict=True) if np.isfinite(v)},
        "f1_mean": float(np.nanmean(f1[1:])),
        "miou": iou.mean_iou(counts),
        "accuracy": iou.pixel_accuracy(counts),
    }


def _anchor(
    sample: Sample, rgb: NDArray[np.uint8], detector: Detector | None
) -> tuple[Array, tuple[int, int] | None] | None:
    """Where the face is: landmarks and eye corners, or a box; None if none is found."""
    if sample.landmarks is not None:
        pair = load_landmark_scheme(str(sample.scheme)).normalising_pair
        return np.asarray(sample.landmarks, dtype=np.float64), pair
    if detector is None:
        raise InputError(
            f"{sample.name}: these data have no landmarks; name a detector (--boxes cascade)."
        )
    found = [np.asarray(d.hull_xyxy, dtype=np.float64) for d in detector.detect(rgb, thorough=True)]
    if not found:
        return None
    return max(found, key=lambda box: float((box[2:] - box[:2]).prod())), None

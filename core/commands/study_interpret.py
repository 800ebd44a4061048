"""`study interpret`: affinity of models by stage, and of a training run by epoch (METHODS C)."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from core.commands.console import Console
from core.errors import InputError


def run(args: argparse.Namespace, console: Console) -> int:
    """Look at the models, check the thesis's claims, keep a record (and the matrices)."""
    from core.correlation.affinity import affinity_of
    from core.correlation.epochs import kept_epochs
    from core.evaluation import interpret, records
    from core.evaluation.interpret_claims import claims
    from core.schemes import load_landmark_scheme

    if not args.models and args.watched is None:
        raise InputError("study interpret needs --model (several) or --watched, or both.")
    cache, rows = _faces(args)
    scheme = load_landmark_scheme(cache.scheme)
    truth = np.asarray(cache.landmarks[rows], np.float64)
    centred = truth - truth.mean(axis=1, keepdims=True)
    cells = interpret.cells_of(scheme, centred.mean(axis=0))
    matrices: dict[str, Any] = {"truth": affinity_of(truth, scheme).matrix}
    models = []
    for name in args.models:
        clean, hard = (
            interpret.look(Path(name), cache, rows, bad, console.report, console.cancelled)
            for bad in (False, True)
        )
        models.append(interpret.model_figures(clean, hard, scheme, cells))
        matrices[clean.name] = np.stack(clean.affinities(scheme))
        matrices[f"{hard.name}/hard"] = np.stack(hard.affinities(scheme))
    learning = None
    if args.watched is not None:
        learning = interpret.learning_figures(args.watched, cells)
        kept = kept_epochs(args.watched)
        by_epoch = [kept.affinity(epoch).matrix for epoch in kept.epochs]
        matrices |= {"epochs": np.array(list(kept.epochs)), "by_epoch": np.stack(by_epoch)}
    checked = claims(models, learning)
    figures = {
        "faces_from": f"{len(rows)} held-out rendered faces, seed {cache.origin.get('seed')}",
        "scheme": scheme.name,
        "models": models,
        "learning": learning,
        "claims": checked,
    }
    record = records.make_record("interpret", args.title or "interpret", figures)
    console.say(f"wrote {records.write_record(args.record, record)}")
    if args.out is not None:
        args.out.mkdir(parents=True, exist_ok=True)
        file = args.out / "interpret.npz"
        np.savez_compressed(file, **matrices)
        console.say(f"wrote {file}")
    lines = [f"{'yes' if one['holds'] else 'no '}  {one['claim']}" for one in checked]
    console.result(record, "\n".join(lines))
    return 0


def _faces(args: argparse.Namespace) -> tuple[Any, list[int]]:
    """The cache and the last faces of it, which trainings hold out.

    Raises:
        InputError: If it is no cache of rendered faces.
    """
    from core.datasets.face_cache import open_cache
    from core.datasets.registry import Spec

    if len(args.data) != 1:
        raise InputError("study interpret needs one --data synthetic:FOLDER with held-out faces.")
    spec = Spec.parse(args.data[0])
    if spec.reader != "synthetic":
        raise InputError("study interpret reads rendered faces: --data synthetic:FOLDER.")
    cache = open_cache(spec.path)
    count = min(args.held_out, len(cache))
    return cache, list(range(len(cache) - count, len(cache)))

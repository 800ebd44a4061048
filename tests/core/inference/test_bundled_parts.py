"""The `parts` weights that ship: small, complete, the same in both backends, good on real faces."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core import paths
from core.inference.predictor import load_predictor
from core.nets.model_file import read_card

FILE = paths.resources() / "weights" / "parts.safetensors"


def test_its_card_says_where_it_comes_from():
    card = read_card(FILE)
    assert FILE.stat().st_size < 1 << 20
    assert (card.name, card.task, card.mask_scheme) == ("parts", "parsing", "parts14")
    assert card.licence == "MIT"
    assert all(source.startswith("synthetic:") for source in card.trained_on)
    assert card.recipe["task"] == "parsing"
    assert "validation" in card.results


def test_its_graph_and_its_net_agree():
    net, graph = (
        load_predictor(FILE, "cpu", backend=name) for name in ("torch-fp32", "onnxruntime")
    )
    rng = np.random.default_rng(0)
    batch = rng.normal(size=(2, 17, 128, 128)).astype(np.float32)
    batch[:, 3:] = rng.random((2, 14, 128, 128)) < 0.07
    (one,), (other,) = net._backend.run(batch), graph._backend.run(batch)
    np.testing.assert_allclose(one, other, atol=1e-3, rtol=1e-4)


def test_it_meets_the_bars_on_frontal_photographs(real_folder: Path):
    from core.datasets import fasseg
    from core.evaluation.parsing import evaluate_parsing
    from core.faces.detection import CascadeDetector

    (folder,) = real_folder.glob("*FASSEG*")
    predictor, detector = load_predictor(FILE, "cpu", backend="onnxruntime"), CascadeDetector()
    frontal = [s for s in fasseg.read_folder(folder) if s.name.startswith("V2")]
    found = evaluate_parsing(predictor, frontal, detector)
    assert found["missed"] == 0
    for name, bar in {"skin": 0.9, "mouth": 0.7, "eyes": 0.55, "hair": 0.65}.items():
        assert found["f1"][name] >= bar, name

"""From the best weights to a model file: half precision, card, ONNX graph."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import torch

from core.datasets.face_cache import FaceCache
from core.errors import ResourceError
from core.nets.ffld import FFLD
from core.nets.model_file import save_model
from core.nets.onnx_graph import export_graph
from core.training.job import JobFolder
from core.training.landmark_task import LandmarkTask
from core.training.parsing_task import ParsingTask

MODEL_FILE = "model.safetensors"


def export_model(
    task: LandmarkTask | ParsingTask,
    weights: dict[str, torch.Tensor],
    scores: dict[str, float],
    cache: FaceCache,
    folder: Path,
    job: JobFolder,
) -> Path:
    """Write the model file and return it; where the exporter is missing, one without a graph."""
    path = folder / MODEL_FILE
    net = task.build()
    net.load_state_dict(weights)
    net.eval()
    if isinstance(net, FFLD):  # calibrated on the validation faces
        with torch.no_grad():
            net.confidence.out.bias.sub_(scores.get("confidence_shift", 0.0))
    size = task.recipe.input_size
    try:
        graph = export_graph(net, (task.input_channels, size, size), task.outputs)
    except ResourceError as error:
        job.say(str(error))
        graph = None
    created = datetime.now(UTC).isoformat(timespec="seconds")
    card = task.card({"validation": scores}, (origin_of(cache),), created)
    save_model(path, card, net.state_dict(), graph, half=True)
    job.say(f"wrote {path}")
    return path


def origin_of(cache: FaceCache) -> str:
    """What a cache holds, for a model card."""
    renderer = cache.origin.get("renderer")
    if renderer is None:
        return f"{len(cache)} faces of {cache.folder.name}"
    return f"synthetic:{renderer} seed {cache.origin['seed']}, {len(cache)} faces"

"""From a trained two-branch net to its model file."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from core.errors import ResourceError
from core.nets.model_card import BoxRule, ModelCard, Preprocessing
from core.nets.model_file import save_model
from core.nets.onnx_graph import export_graph
from core.nets.two_branch import TwoBranchResNet
from core.training.export import MODEL_FILE, origin_of
from core.training.job import JobFolder
from core.training.recipe import Recipe
from core.training.weak.data import WeakFaces


def export_weak(
    recipe: Recipe,
    net: TwoBranchResNet,
    scores: dict[str, float],
    faces: WeakFaces,
    folder: Path,
    job: JobFolder,
) -> Path:
    """Write the model file and return it; where the exporter is missing, one without a graph."""
    net = net.cpu().eval()
    size = recipe.input_size
    arguments = dict(recipe.net.arguments)
    arguments |= {
        "num_points": net.num_points, "sparse": list(net.sparse), "input_size": size,
    }  # fmt: skip
    augment = recipe.augment
    card = ModelCard(
        name=recipe.name,
        task="landmarks",
        architecture="two-branch",
        arguments=arguments,
        input_hw=(size, size),
        outputs=("landmarks",),
        scheme=recipe.scheme,
        preprocessing=Preprocessing(mean=recipe.mean, std=recipe.std),
        box_rule=BoxRule("square", "landmark_hull", augment.crop_scale, augment.crop_shift),
        mirror=tuple(int(i) for i in faces.scheme.mirror),
        licence=recipe.licence,
        trained_on=(
            f"{origin_of(faces.cache)}: {len(faces.faces)} with {len(net.sparse)} points, "
            f"{len(faces.dense)} with {net.num_points}",
        ),
        recipe=recipe.as_record(),
        results={"validation": scores},
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    try:
        graph = export_graph(net, (3, size, size), card.outputs)
    except ResourceError as error:
        job.say(str(error))
        graph = None
    path = folder / MODEL_FILE
    save_model(path, card, net.state_dict(), graph, half=True)
    job.say(f"wrote {path}")
    return path

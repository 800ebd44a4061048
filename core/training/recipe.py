"""A training configuration: frozen dataclasses, TOML in, JSON into checkpoints and model files."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from core.errors import InputError


@dataclass(frozen=True)
class NetRecipe:
    """Which net."""

    architecture: str = "ffld"
    """A name in `core.nets.registry`."""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    """Keyword arguments of the architecture."""
    backbone_weights: str = ""
    """A published state dict (`weights_only`) for the net's `body`; empty = start afresh."""
    start_from: str = ""
    """A model file whose fitting weights the net starts from (the baseline before its stages)."""


@dataclass(frozen=True)
class DataRecipe:
    """What it learns from."""

    train: tuple[str, ...] = ()
    """SPECs; empty = rendered faces, `faces` of them with `seed`."""
    validation: tuple[str, ...] = ()
    """SPECs; empty = the last `validation_faces` of the training data."""
    faces: int = 20000
    """Rendered faces when `train` is empty."""
    validation_faces: int = 512
    stored_size: int = 160
    """Side of the cached crops in pixels."""
    folder: str = ""
    """Where caches go; empty = the user's cache folder."""
    workers: int = 1
    """Processes that prepare batches; 0 = in the training process."""


@dataclass(frozen=True)
class AugmentRecipe:
    """How a sample is varied. Ranges are ± about none; chances are per sample."""

    crop_scale: float = 1.2
    """Side of the crop over the longer side of the landmark hull: the model's box rule."""
    crop_shift: tuple[float, float] = (0.0, 0.0)
    """Shift of the crop's centre off the hull's, shares of its side: the box rule's `shift_xy`."""
    shift: float = 0.12
    """Of the crop's centre, share of its side."""
    zoom: tuple[float, float] = (0.8, 1.3)
    """Factor on the side of the crop."""
    roll_deg: float = 40.0
    aspect: float = 0.0
    """Stretch of x against y, ± share."""
    flip: float = 0.5
    blur: float = 0.25
    low_resolution: float = 0.2
    jpeg: float = 0.25
    grey: float = 0.12
    gamma: float = 0.4
    colour: float = 0.6
    noise: float = 0.3
    light: float = 0.0
    """One side darker than the other, softly or with a hard edge."""
    sharpen: float = 0.0
    """Unsharp mask, as phones do."""
    occlusion: float = 0.35
    """Ellipses, boxes and bars of colour or texture over the face."""
    background: float = 0.06
    """Share of crops that show no face and teach the confidence head."""


@dataclass(frozen=True)
class PreviousRecipe:
    """The last frame's mask a parsing net is given: its own truth, moved at random."""

    empty: float = 0.2
    """Share of samples without one: first frames and cuts."""
    wrong: float = 0.05
    """Share with a mask that does not belong to the picture: a mirrored, far displaced one."""
    shift: float = 0.06
    """± share of the input's side."""
    zoom: float = 0.08
    """± share of the size."""
    roll_deg: float = 8.0
    ragged: float = 0.5
    """Share of masks whose borders are torn as predictions' are."""
    calm: float = 0.0
    """Share of masks moved and torn by a tenth of that: a face that is still."""
    own: float = 0.0
    """Share of samples that are fed the net's own answer to an earlier look at the same face (a
    picture of other noise, moved a little) in place of the truth."""
    hold: float = 0.0
    """Not for training: the `hold` of the exported card."""


@dataclass(frozen=True)
class LossRecipe:
    """What is minimised."""

    stages: tuple[str, ...] = ("radial", "radial", "radial", "radial")
    """Loss of S₀, S₁, …: names in `core.losses.landmarks.LOSSES`."""
    weights: tuple[float, ...] = (1.0, 1.0, 1.0, 1.0)
    normaliser: str = "pair"
    """d: "pair" = the scheme's normalising pair; "box" = √area of the landmarks' box."""
    align: bool = False
    """Add the align loss to the last stage, scaled to its gradient's size at the start."""
    align_smooth_until: float = 0.75
    """Share of the training after which its patches are no longer smoothed: the thesis does so once
    the loss stops going down, which a fixed schedule says beforehand."""
    confidence: float = 0.2
    """Weight of the confidence head's likelihood."""
    gaps: float = 0.0
    """Weight of the openings: the last stage's way from lid to lid and from lip to lip."""
    point_weights: Mapping[str, Any] = field(default_factory=dict)
    """Landmarks: weight of a component's points by its name in the scheme, 1 where not named."""
    class_weights: Mapping[str, Any] = field(default_factory=dict)
    """Parsing: weight of a class's pixels by its name, 1 where not named."""


@dataclass(frozen=True)
class OptimiseRecipe:
    """How it is minimised."""

    optimiser: str = "adamw"
    """"adam" (weight decay in the gradient), "adamw", "rmsprop" or "sgd" (momentum 0.9)."""
    lr: float = 2e-3
    weight_decay: float = 5e-4
    schedule: str = "cosine"
    """"cosine" (with warm-up) or "step"."""
    warmup: float = 0.03
    """Share of the training time, for "cosine"."""
    step_epochs: int = 80
    """Epochs between reductions, for "step"."""
    step_factor: float = 0.3
    epochs: int = 30
    minutes: float = 0.0
    """A time budget: the schedule is cut to end by then. 0 = none (and exact resuming)."""
    batch: int = 64
    clip: float = 0.0
    """Largest gradient norm; 0 = no clipping."""
    ema: float = 0.998
    """Decay of the averaged weights that are validated and exported; 0 = none."""
    precision: str = "32-true"
    """Fabric's precision: "32-true", "bf16-mixed", …"""
    threads: int = 0
    """Torch threads on a CPU; 0 = one fewer than cores, at least one."""
    validate_every: int = 1
    """Epochs."""
    predictions_every: int = 0
    """Epochs between predictions of the validation faces kept in `predictions/` of the job folder,
    for affinity by epoch; 0 = never."""


@dataclass(frozen=True)
class HeatmapRecipe:
    """Heat-map regression (`task = "heatmaps"`)."""

    sigma: float = 1.0
    """Of the Gaussian targets, heat-map pixels."""


@dataclass(frozen=True)
class ForestRecipe:
    """A cascade of regression forests (`task = "forest"`), by the words of ERT."""

    stages: int = 10
    trees: int = 500
    """A stage."""
    depth: int = 5
    pixels: int = 400
    """Candidate pixels a stage, drawn round the mean shape."""
    splits: int = 20
    """Random pixel pairs tried at every node."""
    shrinkage: float = 0.1
    starts: int = 20
    """Starting shapes a training face is shown with."""
    directions: int = 16
    """Principal directions of the residuals a split is judged in; 0 = all."""
    distance_prior: float = 0.1
    """Pixel pairs are drawn by exp(−distance / this), distance in shares of the input's side."""


@dataclass(frozen=True)
class WeakRecipe:
    """Dense points from sparse ones (`task = "weak"`): three stages."""

    format: str = "searched"
    """The m points: a format the scheme names, "0,5,8", a JSON file with `points`, "searched" or
    "random" (both want `budget`), or "all"."""
    budget: int = 0
    """The number m, for "searched" and "random"."""
    sparse: int = 0
    """N: faces whose sparse points are used; 0 = all."""
    dense: int = 0
    """The n of them whose dense points are used, drawn by the seed; 0 = all that have them."""
    epochs: tuple[int, int, int] = (1500, 3000, 3000)
    """Of the three stages."""
    lr: tuple[float, float, float] = (0.01, 0.01, 0.001)
    """Of the three stages, at their start."""
    patience: int = 200
    """Epochs without a lower loss after which the learning rate falls to a tenth."""
    stage1: str = ""
    """A job folder whose finished stage 1 is taken instead of training one: it does not depend on
    which faces are dense."""


@dataclass(frozen=True)
class Recipe:
    """Everything a training run is made of."""

    name: str = "unnamed"
    """Name of the model it makes."""
    title: str = ""
    task: str = "landmarks"
    """"landmarks", "parsing", "heatmaps", "forest" or "weak"."""
    scheme: str = "ibug68"
    mask_scheme: str = "parts14"
    """What a parsing net tells apart."""
    seed: int = 1
    input_size: int = 224
    """Side of the net's input in pixels."""
    mean: tuple[float, float, float] = (0.5, 0.5, 0.5)
    std: tuple[float, float, float] = (0.25, 0.25, 0.25)
    licence: str = "MIT"
    net: NetRecipe = field(default_factory=NetRecipe)
    data: DataRecipe = field(default_factory=DataRecipe)
    augment: AugmentRecipe = field(default_factory=AugmentRecipe)
    previous: PreviousRecipe = field(default_factory=PreviousRecipe)
    loss: LossRecipe = field(default_factory=LossRecipe)
    heatmaps: HeatmapRecipe = field(default_factory=HeatmapRecipe)
    forest: ForestRecipe = field(default_factory=ForestRecipe)
    weak: WeakRecipe = field(default_factory=WeakRecipe)
    optimise: OptimiseRecipe = field(default_factory=OptimiseRecipe)

    def as_record(self) -> dict[str, Any]:
        """JSON-ready."""
        return dataclasses.asdict(self)


def load_recipe(name_or_file: str, changes: Sequence[str] = ()) -> Recipe:
    """A recipe from a TOML file or, by name, from the bundled ones, with `--set` changes.

    Args:
        name_or_file: `landmarks-68-small` or a path.
        changes: `section.field=value`, the value in TOML (bare words are text).

    Raises:
        InputError: If there is no such recipe, it is no TOML, or a field is unknown or mistyped.
    """
    from core import paths

    file = Path(name_or_file)
    bundled = paths.resources() / "recipes"
    if not file.is_file():
        file = bundled / f"{name_or_file}.toml"
    if not file.is_file():
        known = ", ".join(sorted(p.stem for p in bundled.glob("*.toml")))
        raise InputError(f"There is no recipe {name_or_file!r}; bundled are {known}.")
    try:
        record = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{file}: not a readable TOML file ({error}).") from error
    for change in changes:
        _apply(record, change)
    return recipe_from_record(record, str(file))


def recipe_from_record(record: Mapping[str, Any], where: str) -> Recipe:
    """A recipe from TOML or JSON data.

    Raises:
        InputError: If a field is unknown or of another type.
    """
    recipe: Recipe = _build(Recipe, record, where, "")
    return recipe


def _apply(record: dict[str, Any], change: str) -> None:
    key, equals, text = change.partition("=")
    if not equals or not key:
        raise InputError(f"--set {change}: write section.field=value.")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text
    *sections, name = key.strip().split(".")
    for section in sections:
        record = record.setdefault(section, {})
        if not isinstance(record, dict):
            raise InputError(f"--set {change}: {section} is no section.")
    record[name] = value


def _build(kind: type, record: Mapping[str, Any], where: str, prefix: str) -> Any:
    hints = get_type_hints(kind)
    names = {f.name for f in dataclasses.fields(kind)}
    values = {}
    for key, value in record.items():
        if key not in names:
            raise InputError(
                f"{where}: unknown field {prefix}{key}; known are {', '.join(sorted(names))}."
            )
        if dataclasses.is_dataclass(hints[key]):
            if not isinstance(value, Mapping):
                raise InputError(f"{where}: {prefix}{key} must be a table.")
            values[key] = _build(hints[key], value, where, f"{prefix}{key}.")  # type: ignore[arg-type]
        else:
            values[key] = _typed(value, hints[key], f"{where}: {prefix}{key}")
    return kind(**values)


def _typed(value: Any, hint: Any, where: str) -> Any:
    """The value as the field's type; whole numbers serve as floats, lists as tuples."""
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        return None if value is None else _typed(value, get_args(hint)[0], where)
    if origin is tuple:
        inner = get_args(hint)
        if not isinstance(value, list | tuple):
            raise InputError(f"{where} must be a list.")
        if inner[-1] is not Ellipsis and len(value) != len(inner):
            raise InputError(f"{where} must have {len(inner)} entries.")
        return tuple(_typed(v, inner[0], where) for v in value)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    wanted = Mapping if origin is not None else hint
    if not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool):
        raise InputError(f"{where} must be {_words(wanted)}, not {value!r}.")
    return value


def _words(kind: Any) -> str:
    return {int: "a whole number", float: "a number", str: "text", bool: "true or false"}.get(
        kind, "a table"
    )

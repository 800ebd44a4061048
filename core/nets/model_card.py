"""What a model file says about itself: the net, its input, its output, where it comes from.

A card is plain JSON inside the model file's header (our own nets) or beside a foreign ONNX file. It
holds everything a predictor needs besides the weights, so that preprocessing travels with them.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core.errors import StoreError

FORMAT_VERSION = 1
"""Raised when an older program could not read a newer card rightly."""
TASKS = ("landmarks", "parsing")
ANCHORS = ("landmark_hull", "detector")
ONNX_ARCHITECTURE = "onnx"
"""The architecture of a foreign net that exists as an ONNX graph alone."""

_NEEDED = ("name", "task", "architecture", "input_hw", "outputs")
_MAX_SIDE_PX = 4096
_MAX_POINTS = 4096
_HUGE = 1e6


@dataclass(frozen=True)
class Preprocessing:
    """How RGB bytes become net input: `(rgb / 255 − mean) / std`, channel by channel."""

    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)
    scale: str = "0..1"
    """The range the mean and std are meant for; "0..1" is the only one."""

    def __post_init__(self) -> None:
        _require(self.scale == "0..1", "preprocessing.scale must be '0..1'")
        for name in ("mean", "std"):
            values = getattr(self, name)
            _require(_are_numbers(values, 3), f"preprocessing.{name} must be three numbers")
            object.__setattr__(self, name, tuple(float(v) for v in values))
        _require(all(v > 0 for v in self.std), "preprocessing.std must be positive")


@dataclass(frozen=True)
class BoxRule:
    """Which part of the frame the net looks at: a square about the face, turned upright.

    The square's side is `scale` × the longer side of the anchor box (measured in the upright frame
    of the eye line); its centre is the anchor's centre moved by `shift_xy` × that side.
    """

    kind: str = "square"
    of: str = "landmark_hull"
    """The anchor: "landmark_hull" (tight box of the landmarks) or "detector" (a detector's box)."""
    scale: float = 1.2
    shift_xy: tuple[float, float] = (0.0, 0.0)

    def __post_init__(self) -> None:
        _require(self.kind == "square", "box_rule.kind must be 'square'")
        _require(self.of in ANCHORS, f"box_rule.of must be one of {', '.join(ANCHORS)}")
        in_range = _are_numbers((self.scale,), 1) and 0.1 <= self.scale <= 10
        _require(in_range, "box_rule.scale must be 0.1 … 10")
        _require(_are_numbers(self.shift_xy, 2), "box_rule.shift_xy must be two numbers")
        object.__setattr__(self, "shift_xy", tuple(float(v) for v in self.shift_xy))


@dataclass(frozen=True)
class ModelCard:
    """One model file's description. JSON in, JSON out; every field is checked on construction."""

    name: str
    task: str
    """"landmarks" or "parsing"."""
    architecture: str
    """A name in `core.nets.registry`, or "onnx"."""
    input_hw: tuple[int, int]
    """Height and width of the net's input in pixels."""
    outputs: tuple[str, ...]
    """What the net returns, in order: "landmarks" (B, M, 2) px and "confidence_logits" (B, M), or
    "logits" (B, K, H, W); other names are allowed and not read."""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    """Keyword arguments of the architecture."""
    scheme: str | None = None
    """Landmark scheme, for landmark nets."""
    mask_scheme: str | None = None
    """Mask scheme, for parsing nets."""
    preprocessing: Preprocessing = field(default_factory=Preprocessing)
    box_rule: BoxRule = field(default_factory=BoxRule)
    mirror: tuple[int, ...] = ()
    """Permutation of points (or classes) that a left-right flip of the image causes."""
    face_score: float = 0.5
    """Landmark nets: the mean confidence from which a crop counts as a face, measured with the net.
    A face that is followed is kept down to 0.8 of it."""
    hold: float = 0.0
    """Parsing nets with feedback: what is added to the logit of the class a pixel had a frame
    before, so that chance does not tip what is nearly even."""
    licence: str = "unknown"
    trained_on: tuple[str, ...] = ()
    """Data sets, by name; "synthetic:…" for rendered ones."""
    recipe: Mapping[str, Any] = field(default_factory=dict)
    results: Mapping[str, Any] = field(default_factory=dict)
    """Measured results, by evaluation name."""
    created: str = ""
    """ISO 8601, UTC."""
    format_version: int = FORMAT_VERSION

    def __post_init__(self) -> None:
        _freeze_parts(self)
        _check_identity(self)
        _check_shapes(self)

    @property
    def num_outputs(self) -> int:
        """Points M of a landmark net or classes K of a parsing net, by its mirror table."""
        return len(self.mirror)

    @property
    def previous_channels(self) -> int:
        """Channels of the last frame's mask in the input of a net with feedback, else 0."""
        return int(self.arguments.get("previous_channels", 0))

    @property
    def input_channels(self) -> int:
        """Channels of the input: RGB, and the last frame's mask where the net is fed it."""
        return 3 + self.previous_channels

    def as_record(self) -> dict[str, Any]:
        """The card as JSON-ready data."""
        record: dict[str, Any] = json.loads(json.dumps(dataclasses.asdict(self)))
        return record

    @classmethod
    def from_record(cls, record: Any) -> ModelCard:
        """A card from JSON data; unknown keys are ignored (a later minor addition).

        Raises:
            StoreError: If it is no card, is newer than this program, or a field is out of range.
        """
        _require(isinstance(record, dict), "it is not a JSON object")
        version = record.get("format_version")
        _require(isinstance(version, int) and version >= 1, "format_version is missing")
        if version > FORMAT_VERSION:
            raise StoreError(
                f"the model card has format {version}, this program reads up to {FORMAT_VERSION}; "
                "update Lineament."
            )
        known = {f.name: f for f in dataclasses.fields(cls)}
        missing = [name for name in _NEEDED if name not in record]
        _require(not missing, f"{', '.join(missing)} missing")
        values = {key: value for key, value in record.items() if key in known}
        for key, kind in (("preprocessing", Preprocessing), ("box_rule", BoxRule)):
            if key in values:
                values[key] = _part(kind, values[key], key)
        return cls(**values)


def _part(kind: type, record: Any, name: str) -> Any:
    _require(isinstance(record, dict), f"{name} must be an object")
    known = {f.name for f in dataclasses.fields(kind)}
    return kind(**{key: value for key, value in record.items() if key in known})


def _freeze_parts(card: ModelCard) -> None:
    """Accept lists and dicts where the field is a tuple or a part, as JSON has them."""
    for name, kind in (("preprocessing", Preprocessing), ("box_rule", BoxRule)):
        value = getattr(card, name)
        if not isinstance(value, kind):
            object.__setattr__(card, name, _part(kind, value, name))
    for name in ("input_hw", "outputs", "mirror", "trained_on"):
        value = getattr(card, name)
        _require(isinstance(value, list | tuple), f"{name} must be a list")
        object.__setattr__(card, name, tuple(value))
    for name in ("arguments", "recipe", "results"):
        _require(isinstance(getattr(card, name), Mapping), f"{name} must be an object")


def _check_identity(card: ModelCard) -> None:
    for name in ("name", "task", "architecture", "licence", "created"):
        _require(isinstance(getattr(card, name), str), f"{name} must be text")
    _require(bool(card.name), "name is empty")
    _require(card.task in TASKS, f"task must be one of {', '.join(TASKS)}")
    needed = "scheme" if card.task == "landmarks" else "mask_scheme"
    _require(isinstance(getattr(card, needed), str), f"a {card.task} net needs a {needed}")
    for name in ("outputs", "trained_on"):
        _require(all(isinstance(v, str) for v in getattr(card, name)), f"{name} must hold text")


def _check_shapes(card: ModelCard) -> None:
    previous = card.arguments.get("previous_channels", 0)
    _require(
        _is_index(previous) and 0 <= previous <= 255,
        "arguments.previous_channels must be a whole number in 0 … 255",
    )
    _require(
        len(card.input_hw) == 2
        and all(_is_index(v) and 1 <= v <= _MAX_SIDE_PX for v in card.input_hw),
        f"input_hw must be two whole numbers in 1 … {_MAX_SIDE_PX}",
    )
    first = "landmarks" if card.task == "landmarks" else "logits"
    _require(first in card.outputs, f"outputs of a {card.task} net must name '{first}'")
    table = card.mirror
    in_range = _are_numbers((card.face_score,), 1) and 0 < card.face_score < 1
    _require(in_range, "face_score must be between 0 and 1")
    in_range = _are_numbers((card.hold,), 1) and 0 <= card.hold <= 20
    _require(in_range, "hold must be 0 … 20")
    _require(not card.hold or previous > 0, "hold needs a net that is fed its last mask")
    _require(
        len(table) <= _MAX_POINTS
        and all(map(_is_index, table))
        and sorted(table) == list(range(len(table))),
        "mirror must be a permutation",
    )


def _are_numbers(values: Any, count: int) -> bool:
    if not isinstance(values, list | tuple) or len(values) != count:
        return False
    plain = all(isinstance(v, int | float) and not isinstance(v, bool) for v in values)
    return plain and all(abs(v) < _HUGE for v in values)  # false for NaN as well


def _is_index(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _require(holds: bool, what: str) -> None:
    if not holds:
        raise StoreError(f"the model card cannot be used: {what}.")

"""From a model's name or file to its card, weights and graph, whoever made it.

Our own models are safetensors files with a card inside. A foreign net is an ONNX file whose card is
JSON: named by the user, lying beside the file, or bundled and recognised by the file's SHA-256.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core import paths
from core.errors import InputError, StoreError
from core.nets.model_card import ONNX_ARCHITECTURE, ModelCard
from core.nets.model_file import file_sha256, read_card

SUFFIXES = (".safetensors", ".onnx")
_MAX_CARD_BYTES = 1 << 20


@dataclass(frozen=True)
class ModelSource:
    """A model file and its card."""

    path: Path
    card: ModelCard
    sha256: str
    """Of the file."""

    @property
    def foreign(self) -> bool:
        """Whether it is a bare ONNX graph."""
        return self.path.suffix.lower() == ".onnx"


def model_folders(project: Path | None = None) -> list[Path]:
    """Where models are looked for by name: the project's, the user's, the bundled ones."""
    folders = [paths.user_data() / "models", paths.resources() / "weights"]
    return folders if project is None else [project / "models", *folders]


def known_models(folders: Sequence[Path] | None = None) -> dict[str, Path]:
    """Names and files of the models that are there; earlier folders hide later ones."""
    found: dict[str, Path] = {}
    for folder in folders if folders is not None else model_folders():
        for path in sorted(folder.glob("*")) if folder.is_dir() else []:
            if path.suffix.lower() in SUFFIXES:
                found.setdefault(path.stem, path)
    return found


def find_model(name_or_file: str | Path, folders: Sequence[Path] | None = None) -> Path:
    """The model file a name or path stands for.

    Raises:
        InputError: If there is none; lists the known ones.
    """
    text = str(name_or_file)
    path = Path(text).expanduser()
    if path.suffix.lower() in SUFFIXES or len(path.parts) > 1:
        if path.is_file():
            return path
        raise InputError(f"{path}: there is no such model file; check the path.")
    known = known_models(folders)
    if text in known:
        return known[text]
    names = ", ".join(sorted(known)) or "none yet (give a file)"
    raise InputError(f"There is no model called '{text}'; known are: {names}.")


def open_model(path: Path, card_file: str | Path | None = None) -> ModelSource:
    """A model file with its card.

    Args:
        path: A safetensors or ONNX file.
        card_file: The card of a foreign net: a JSON file, or the name of a bundled card.

    Raises:
        InputError: If a foreign net has no card.
        StoreError: If file or card is damaged, foreign or newer.
    """
    if path.suffix.lower() == ".onnx":
        sha256 = file_sha256(path)
        return ModelSource(path, _foreign_card(path, sha256, card_file), sha256)
    if card_file is not None:
        raise InputError(f"{path}: a card is for ONNX files; this model carries its own.")
    return ModelSource(path, read_card(path), file_sha256(path))


def read_card_file(path: Path) -> ModelCard:
    """The card in a JSON file.

    Raises:
        StoreError: If it is none.
    """
    if path.stat().st_size > _MAX_CARD_BYTES:
        raise StoreError(f"{path}: too large for a model card.")
    try:
        card = ModelCard.from_record(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, RecursionError) as error:
        raise StoreError(f"{path}: not a model card; expected JSON.") from error
    except StoreError as error:
        raise StoreError(f"{path}: {error}") from error
    if card.architecture != ONNX_ARCHITECTURE:
        raise StoreError(f"{path}: a card beside an ONNX file needs the architecture 'onnx'.")
    return card


def _foreign_card(path: Path, sha256: str, card_file: str | Path | None) -> ModelCard:
    bundled = paths.resources() / "cards"
    if card_file is not None:
        named = bundled / f"{card_file}.json"
        chosen = Path(card_file).expanduser()
        if not chosen.is_file() and not named.is_file():
            raise InputError(f"{card_file}: there is no such model card; give a JSON file.")
        return read_card_file(chosen if chosen.is_file() else named)
    for beside in (path.with_suffix(".json"), path.with_name(path.name + ".json")):
        if beside.is_file():
            return read_card_file(beside)
    for candidate in sorted(bundled.glob("*.json")):
        card = read_card_file(candidate)
        if sha256 in card.arguments.get("sha256", ()):
            return card
    raise InputError(
        f"{path}: an ONNX net needs a card that says how to use it; give --card FILE.json or put "
        f"{path.stem}.json beside it ({bundled / 'pfld.json'} is an example)."
    )

"""A landmark model for single faces beside a window: no import that holds the window up.

Importing torch in a thread stops every other thread for up to a second, because loading its
libraries keeps the interpreter's lock. So a model that carries its graph runs in ONNX Runtime
without torch; for one that does not, the libraries are loaded first by a call that lets the lock
go.
"""

from __future__ import annotations

import ctypes
import importlib.util
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.errors import InputError
from core.inference.landmark_predictor import LandmarkPredictor
from core.inference.model_source import find_model, known_models
from core.inference.predictor import load_predictor
from core.nets.model_file import file_sha256, load_onnx

DEFAULT_MODEL = "landmarks-68"


@dataclass(frozen=True)
class ChosenModel:
    """A model file to run, and what a person should know of the choice."""

    path: Path
    note: str = ""
    """A sentence where it is not the very model that was asked for."""


def choose_model(name: str, sha256: str, folders: Sequence[Path]) -> ChosenModel:
    """The file of a run's landmark model, else the default model's.

    Args:
        name: What the run calls its model; empty for a run without one.
        sha256: Of the model's file, as the run has it.
        folders: Where models are looked for.

    Raises:
        InputError: If there is no model at all.
    """
    known = known_models(folders)
    if not name:
        return ChosenModel(find_model(DEFAULT_MODEL, folders))
    if name in known and file_sha256(known[name]) == sha256:
        return ChosenModel(known[name])
    for path in known.values():
        if file_sha256(path) == sha256:
            return ChosenModel(path)
    if name in known:
        return ChosenModel(known[name], f"The model {name} is not the very one of the run.")
    default = find_model(DEFAULT_MODEL, folders)
    return ChosenModel(default, f"The run's model {name} is not here; {DEFAULT_MODEL} was used.")


def load_landmark_model(path: Path) -> LandmarkPredictor:
    """A landmark model on the processor.

    Raises:
        InputError: If it is no landmark model.
        StoreError: If the file is damaged, foreign or newer.
    """
    wanted = None
    if path.suffix.lower() == ".safetensors":
        wanted = "onnxruntime" if load_onnx(path) is not None else "torch-fp32"
    if wanted == "torch-fp32":
        _load_torch_libraries()
    predictor = load_predictor(path, "cpu", backend=wanted)
    if not isinstance(predictor, LandmarkPredictor):
        raise InputError(f"{path}: finds areas, not landmarks; choose a landmark model.")
    return predictor


def _load_torch_libraries() -> None:
    """Load torch's libraries without the interpreter's lock; where that fails the import does it.

    `ctypes.CDLL` keeps the lock while it loads, a call of the system's own loader through it
    does not.
    """
    found = importlib.util.find_spec("torch")
    if "torch" in sys.modules or found is None or not found.submodule_search_locations:
        return
    folder = Path(found.submodule_search_locations[0]) / "lib"
    library = next(iter(sorted(folder.glob("libtorch_python.*"))), None)
    if library is None or sys.platform == "win32":
        return
    loader = ctypes.CDLL(None).dlopen
    loader.argtypes, loader.restype = (ctypes.c_char_p, ctypes.c_int), ctypes.c_void_p
    loader(str(library).encode(), 2)  # RTLD_NOW

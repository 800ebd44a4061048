"""Model files: one safetensors file with weights, card and ONNX graph. No pickle anywhere.

The card is JSON in the header's metadata; the ONNX graph, where there is one, lies beside the
weights as the uint8 tensor `__onnx__`. The header is read and checked against the file's size by
ourselves before anything is allocated, because a file may come from anywhere. `sha256` in the
metadata covers card, tensor descriptions and data, so that a flipped bit anywhere is found.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import struct
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from core.errors import StoreError
from core.nets.model_card import ModelCard

if TYPE_CHECKING:
    from torch import Tensor

ONNX_TENSOR = "__onnx__"
MAX_HEADER_BYTES = 1 << 20
_CARD_KEY = "lineament_card"
_DIGEST_KEY = "sha256"
_ITEM_BYTES = {
    "F64": 8, "F32": 4, "F16": 2, "BF16": 2,
    "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1,
}  # fmt: skip
_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True)
class _Entry:
    """One tensor as the header describes it; `begin` and `end` count from the end of the header."""

    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int


@dataclass(frozen=True)
class _Header:
    """A checked header: every entry lies inside the file and fits its shape."""

    metadata: dict[str, str]
    entries: dict[str, _Entry]
    data_start: int
    digest: hashlib._Hash
    """SHA-256 fed with everything the header says but the digest itself."""


def save_model(
    path: Path,
    card: ModelCard,
    state_dict: Mapping[str, Tensor],
    onnx_bytes: bytes | None = None,
    half: bool = False,
) -> None:
    """Write a model file, to a temporary name first, then renamed.

    Args:
        path: `*.safetensors`.
        card: Its description.
        state_dict: Weights; moved to the CPU.
        onnx_bytes: The same net as an ONNX graph, for ONNX Runtime.
        half: Keep float32 weights as float16 (loaded back to float32).

    Raises:
        ValueError: If a weight is called `__onnx__`, or the card does not fit the header.
    """
    import torch
    from safetensors.torch import save

    if ONNX_TENSOR in state_dict:
        raise ValueError(f"{ONNX_TENSOR} is reserved for the graph")
    tensors = {name: _portable(value, half) for name, value in state_dict.items()}
    if onnx_bytes is not None:
        tensors[ONNX_TENSOR] = torch.from_numpy(np.frombuffer(onnx_bytes, dtype=np.uint8).copy())
    blob = save(tensors)
    start = 8 + _header_length(blob)
    described = json.loads(blob[8:start])
    described["__metadata__"] = {"format": "pt", _CARD_KEY: json.dumps(card.as_record())}
    digest = _digest_of_header(described)
    digest.update(memoryview(blob)[start:])
    described["__metadata__"][_DIGEST_KEY] = digest.hexdigest()
    text = json.dumps(described).encode()
    text += b" " * (-len(text) % 8)  # the format wants the data aligned to eight bytes
    if len(text) > MAX_HEADER_BYTES:
        raise ValueError("the model card is too large for the header (1 MiB)")
    _write_atomically(Path(path), (struct.pack("<Q", len(text)), text, memoryview(blob)[start:]))


def read_card(path: Path) -> ModelCard:
    """The card of a model file; reads the header alone, allocates no tensor, imports no torch.

    Raises:
        StoreError: If the file is damaged, foreign or newer than this program.
    """
    path = Path(path)
    return _card_of(_read_header(path), path)


def load_weights(path: Path) -> dict[str, Tensor]:
    """The weights of a model file; half-precision ones come back as float32.

    Raises:
        StoreError: If the file is damaged, foreign or newer, or a weight is not finite.
    """
    import torch

    path = Path(path)
    header = _checked_header(path)
    with path.open("rb") as file:
        weights = {
            name: _read_tensor(file, header, entry)
            for name, entry in header.entries.items()
            if name != ONNX_TENSOR
        }
    for name, value in weights.items():
        if value.is_floating_point() and not bool(torch.isfinite(value).all()):
            raise StoreError(f"{path}: the weights '{name}' are not finite; get the file again.")
    return weights


def load_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """The weights of a model file as arrays, without torch; half-precision ones as float32.

    Raises:
        StoreError: If the file is damaged, foreign or newer, or a weight is not finite.
    """
    path = Path(path)
    header = _checked_header(path)
    with path.open("rb") as file:
        arrays = {
            name: _as_array(_read_bytes(file, header, entry), entry)
            for name, entry in header.entries.items()
            if name != ONNX_TENSOR
        }
    for name, value in arrays.items():
        if value.dtype.kind == "f" and not np.isfinite(value).all():
            raise StoreError(f"{path}: the weights '{name}' are not finite; get the file again.")
    return arrays


def load_onnx(path: Path) -> bytes | None:
    """The ONNX graph inside a model file, or None.

    Raises:
        StoreError: If the file is damaged, foreign or newer than this program.
    """
    path = Path(path)
    header = _checked_header(path)
    entry = header.entries.get(ONNX_TENSOR)
    if entry is None:
        return None
    with path.open("rb") as file:
        return _read_bytes(file, header, entry)


def file_sha256(path: Path) -> str:
    """SHA-256 of a whole file, hex: what a model is known by."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def load_foreign_state_dict(path: Path) -> dict[str, Tensor]:
    """Weights of a published `.pth` file (for `--backbone-weights`), without running its pickle.

    Unwraps the usual {"state_dict": …} and strips the "module." that data-parallel training leaves.

    Raises:
        StoreError: If the file holds anything but tensors.
    """
    import torch

    try:
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    except OSError:
        raise
    except Exception as error:  # a damaged pickle may raise anything at all
        raise StoreError(
            f"{path}: not a PyTorch weights file that can be read safely; expected a state dict."
        ) from error
    if isinstance(loaded, dict) and isinstance(loaded.get("state_dict"), dict):
        loaded = loaded["state_dict"]
    if not isinstance(loaded, dict) or not loaded:
        raise StoreError(f"{path}: holds no state dict; export the weights with state_dict().")
    if not all(isinstance(k, str) and isinstance(v, torch.Tensor) for k, v in loaded.items()):
        raise StoreError(f"{path}: holds more than named tensors; export state_dict() alone.")
    return {name.removeprefix("module."): value for name, value in loaded.items()}


# ---- writing


def _portable(value: Tensor, half: bool) -> Tensor:
    import torch

    value = value.detach().cpu().contiguous().clone()
    return value.half() if half and value.dtype == torch.float32 else value


def _header_length(blob: bytes) -> int:
    return int(struct.unpack("<Q", blob[:8])[0])


def _write_atomically(path: Path, parts: Sequence[bytes | memoryview]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.writelines(parts)
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(name, 0o666 & ~umask)  # mkstemp makes it private; a model file is not
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


# ---- reading


def _read_header(path: Path) -> _Header:
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
        if not 2 <= length <= min(MAX_HEADER_BYTES, size - 8):
            raise _damaged(path, "its header's length is impossible")
        text = file.read(length)
    try:
        record = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _damaged(path, "its header is not JSON") from error
    if not isinstance(record, dict):
        raise _damaged(path, "its header is not an object")
    metadata = record.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
        raise _damaged(path, "its metadata is not text")
    entries = {name: _entry(path, name, value) for name, value in record.items()}
    _check_layout(path, entries, size - 8 - length)
    digest = _digest_of_header(record | {"__metadata__": metadata})
    return _Header(metadata, entries, 8 + length, digest)


def _digest_of_header(record: dict[str, Any]) -> hashlib._Hash:
    metadata = {k: v for k, v in record["__metadata__"].items() if k != _DIGEST_KEY}
    text = json.dumps(record | {"__metadata__": metadata}, sort_keys=True)
    return hashlib.sha256(text.encode())


def _entry(path: Path, name: str, value: Any) -> _Entry:
    """One tensor's description, checked in itself."""
    try:
        dtype, shape, (begin, end) = value["dtype"], tuple(value["shape"]), value["data_offsets"]
        item_bytes = _ITEM_BYTES[dtype]
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged(path, f"its tensor '{name}' is not described") from error
    numbers = (*shape, begin, end)
    if not all(isinstance(n, int) and not isinstance(n, bool) and 0 <= n < 2**48 for n in numbers):
        raise _damaged(path, f"its tensor '{name}' has an impossible shape")
    if len(shape) > 16 or math.prod(shape) * item_bytes != end - begin:
        raise _damaged(path, f"its tensor '{name}' does not fill its place")
    return _Entry(dtype, shape, begin, end)


def _check_layout(path: Path, entries: dict[str, _Entry], data_bytes: int) -> None:
    """The tensors must tile the rest of the file: no gap, no overlap, nothing left."""
    position = 0
    for entry in sorted(entries.values(), key=lambda e: (e.begin, e.end)):
        if entry.begin != position:
            raise _damaged(path, "its tensors overlap or leave gaps")
        position = entry.end
    if position != data_bytes:
        raise _damaged(path, "it is cut short or has bytes left over")


def _card_of(header: _Header, path: Path) -> ModelCard:
    text = header.metadata.get(_CARD_KEY)
    if text is None:
        raise StoreError(f"{path}: a safetensors file, but not a Lineament model; it has no card.")
    try:
        return ModelCard.from_record(json.loads(text))
    except (ValueError, RecursionError) as error:
        raise _damaged(path, "its card is not JSON") from error
    except StoreError as error:
        raise StoreError(f"{path}: {error}") from error


def _checked_header(path: Path) -> _Header:
    """The header of a file that is ours and whose data match their digest."""
    header = _read_header(path)
    _card_of(header, path)
    digest = header.digest.copy()
    with path.open("rb") as file:
        file.seek(header.data_start)
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
    if digest.hexdigest() != header.metadata.get(_DIGEST_KEY):
        raise _damaged(path, "its content does not match its digest")
    return header


def _read_bytes(file: BinaryIO, header: _Header, entry: _Entry) -> bytes:
    file.seek(header.data_start + entry.begin)
    data = file.read(entry.end - entry.begin)
    if len(data) != entry.end - entry.begin:
        raise StoreError("The model file became shorter while it was read; try again.")
    return data


def _as_array(data: bytes, entry: _Entry) -> NDArray[Any]:
    if entry.dtype == "BF16":  # the upper half of a float32
        wide = np.frombuffer(data, "<u2").astype(np.uint32) << 16
        return wide.view(np.float32).reshape(entry.shape)
    kinds = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BOOL": "|b1", "U8": "|u1", "I8": "|i1"}
    kind = kinds.get(entry.dtype, f"<i{_ITEM_BYTES[entry.dtype]}")
    value = np.frombuffer(data, kind).reshape(entry.shape)
    return value.astype(np.float32) if entry.dtype == "F16" else value


def _read_tensor(file: BinaryIO, header: _Header, entry: _Entry) -> Tensor:
    import torch

    dtypes = {
        "F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16,
        "I64": torch.int64, "I32": torch.int32, "I16": torch.int16, "I8": torch.int8,
        "U8": torch.uint8, "BOOL": torch.bool,
    }  # fmt: skip
    dtype = dtypes[entry.dtype]
    data = bytearray(_read_bytes(file, header, entry))
    if not data:
        return torch.zeros(entry.shape, dtype=dtype)
    value = torch.frombuffer(data, dtype=dtype).reshape(entry.shape)
    return value.float() if dtype in (torch.float16, torch.bfloat16) else value


def _damaged(path: Path, why: str) -> StoreError:
    return StoreError(f"{path}: not a readable model file ({why}); get the file again.")

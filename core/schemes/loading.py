"""Where schemes come from: `resources/schemes`, the user's own folder, or any JSON file."""

from __future__ import annotations

from functools import lru_cache, partial
from pathlib import Path

from core import paths
from core.errors import InputError
from core.schemes.fields import read_document
from core.schemes.landmarks import LandmarkScheme
from core.schemes.masks import MaskScheme
from core.schemes.parsing import landmark_scheme, mask_scheme

LANDMARK_SCHEMES = ("ibug68", "inner41", "wflw98", "cofw29", "aflw19", "points106", "points5")
"""Bundled landmark schemes."""

MASK_SCHEMES = (
    "parts14", "helen11", "face5", "occlusion3", "hair2", "lapa11", "celebamask19",
)  # fmt: skip
"""Bundled mask schemes."""


def user_folder() -> Path:
    """Where a user's own scheme files lie; may not exist."""
    return paths.user_data() / "schemes"


def load_landmark_scheme(name_or_path: str | Path) -> LandmarkScheme:
    """A landmark scheme by name (bundled, then the user's folder) or from a JSON file.

    Raises:
        InputError: If there is none such, or the file is wrong; names file and field.
    """
    path = _find(name_or_path, "landmarks", LANDMARK_SCHEMES)
    if path.parent == _bundled_folder():
        return _bundled_landmark_scheme(path.stem)
    return landmark_scheme(read_document(path), _bundled_names())


def load_mask_scheme(name_or_path: str | Path) -> MaskScheme:
    """A mask scheme by name (bundled, then the user's folder) or from a JSON file.

    Raises:
        InputError: If there is none such, or the file is wrong; names file and field.
    """
    path = _find(name_or_path, "masks", MASK_SCHEMES)
    if path.parent == _bundled_folder():
        return _bundled_mask_scheme(path.stem)
    return mask_scheme(read_document(path), partial(_map_target, path))


def landmark_scheme_names() -> tuple[str, ...]:
    """Bundled schemes, then the user's own."""
    return LANDMARK_SCHEMES + _user_names("landmarks", LANDMARK_SCHEMES)


def mask_scheme_names() -> tuple[str, ...]:
    """Bundled schemes, then the user's own."""
    return MASK_SCHEMES + _user_names("masks", MASK_SCHEMES)


def _bundled_folder() -> Path:
    return paths.resources() / "schemes"


def _find(name_or_path: str | Path, kind: str, bundled: tuple[str, ...]) -> Path:
    name = str(name_or_path)
    if name in bundled:
        return _bundled_folder() / f"{name}.json"
    path = Path(name_or_path)
    if path.suffix.lower() == ".json":
        if not path.is_file():
            raise InputError(f"{path}: no such scheme file; check the path.")
        return path
    for candidate in _user_files(kind):
        if candidate.stem == name:
            return candidate
    known = ", ".join(bundled + _user_names(kind, bundled))
    raise InputError(f'There is no scheme "{name}" for {kind}; known: {known}, or a JSON file.')


@lru_cache(maxsize=1)
def _bundled_names() -> dict[str, tuple[str, ...]]:
    folder = _bundled_folder()
    return {
        name: tuple(read_document(folder / f"{name}.json").texts("points"))
        for name in LANDMARK_SCHEMES
    }


@lru_cache(maxsize=len(LANDMARK_SCHEMES))
def _bundled_landmark_scheme(name: str) -> LandmarkScheme:
    return landmark_scheme(read_document(_bundled_folder() / f"{name}.json"), _bundled_names())


@lru_cache(maxsize=len(MASK_SCHEMES))
def _bundled_mask_scheme(name: str) -> MaskScheme:
    path = _bundled_folder() / f"{name}.json"
    return mask_scheme(read_document(path), _bundled_mask_scheme)


def _map_target(path: Path, name: str) -> MaskScheme:
    """The target of a map in a user's file; it can only be a bundled scheme."""
    if name not in MASK_SCHEMES:
        known = ", ".join(MASK_SCHEMES)
        raise InputError(f'{path}: field "maps.{name}" is no bundled scheme; known: {known}.')
    return _bundled_mask_scheme(name)


def _user_names(kind: str, bundled: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(path.stem for path in _user_files(kind) if path.stem not in bundled)


def _user_files(kind: str) -> list[Path]:
    """The user's files of a kind; one that cannot be read must not hide the others."""
    found = []
    for path in sorted(user_folder().glob("*.json")):
        try:
            if read_document(path).text("kind") == kind:
                found.append(path)
        except InputError:
            continue
    return found

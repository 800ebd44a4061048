"""Reading JSON documents field by field; every complaint names the file and the field."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from core.errors import InputError

T = TypeVar("T")

MAX_BYTES = 1 << 20
"""A scheme file is a few KiB; a larger file is none."""


def read_document(path: Path) -> Fields:
    """Open a JSON object.

    Raises:
        InputError: If the file cannot be read, is too large or holds no JSON object.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); check the path.") from error
    if len(content) > MAX_BYTES:
        raise InputError(f"{path}: larger than {MAX_BYTES} bytes; this is no scheme file.")
    try:
        document = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not a JSON file ({error}); write it anew.") from error
    if not isinstance(document, dict):
        raise InputError(f"{path}: holds no JSON object; a scheme is {{…}}.")
    return Fields(path, document)


class Fields:
    """A JSON object with typed access; `at` is where it lies in the file ("contours[3].")."""

    def __init__(self, path: Path, values: dict[str, Any], at: str = "") -> None:
        self.path = path
        self._values = values
        self._at = at
        self._seen: set[str] = set()

    def fail(self, name: str, complaint: str) -> NoReturn:
        """Raise InputError about a field."""
        raise InputError(f'{self.path}: field "{self._at}{name}" {complaint}.')

    def text(self, name: str, default: str | None = None) -> str:
        """A string."""
        return self._get(name, str, "a text", default)

    def whole(self, name: str, default: int | None = None) -> int:
        """An integer."""
        return self._get(name, int, "a whole number", default)

    def number(self, name: str, default: float | None = None) -> float:
        """A whole or broken number."""
        if isinstance(self._values.get(name), int):
            return float(min(max(self.whole(name), -(2**63)), 2**63))  # float() refuses 1e400
        return self._get(name, float, "a number", default)

    def flag(self, name: str, default: bool) -> bool:
        """True or false."""
        return self._get(name, bool, "true or false", default)

    def items(self, name: str, default: list[Any] | None = None) -> list[Any]:
        """A list of anything."""
        return self._get(name, list, "a list", default)

    def texts(self, name: str, default: list[Any] | None = None) -> list[str]:
        """A list of strings."""
        values = self.items(name, default)
        for index, value in enumerate(values):
            if not isinstance(value, str):
                self.fail(f"{name}[{index}]", "is not a text")
        return values

    def indices(self, name: str, below: int, default: list[Any] | None = None) -> tuple[int, ...]:
        """A list of whole numbers from 0 to below `below`."""
        values = self.items(name, default)
        for index, value in enumerate(values):
            if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < below:
                self.fail(f"{name}[{index}]", f"is {value!r}, not a whole number 0 … {below - 1}")
        return tuple(values)

    def object(self, name: str, default: dict[str, Any] | None = None) -> Fields:
        """An object inside this one."""
        values = self._get(name, dict, "an object {…}", default)
        return Fields(self.path, values, f"{self._at}{name}.")

    def objects(self, name: str) -> list[Fields]:
        """A list of objects."""
        found = []
        for index, value in enumerate(self.items(name)):
            if not isinstance(value, dict):
                self.fail(f"{name}[{index}]", "is not an object {…}")
            found.append(Fields(self.path, value, f"{self._at}{name}[{index}]."))
        return found

    def colour(self, name: str) -> tuple[int, int, int]:
        """A colour written "#RRGGBB"."""
        value = self.text(name)
        if not re.fullmatch(r"#[0-9A-Fa-f]{6}", value):
            self.fail(name, f'is "{value}", not a colour "#RRGGBB"')
        red, green, blue = bytes.fromhex(value[1:])
        return red, green, blue

    def names(self) -> Iterator[str]:
        """The fields there are."""
        return iter(self._values)

    def done(self) -> None:
        """Refuse fields nobody has asked for: most often a misspelt one."""
        for name in self._values:
            if name not in self._seen:
                self.fail(name, f"is unknown; known: {', '.join(sorted(self._seen))}")

    def _get(self, name: str, kind: type[T], words: str, default: T | None) -> T:
        self._seen.add(name)
        if name not in self._values:
            if default is None:
                self.fail(name, "is missing")
            return default
        value = self._values[name]
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            self.fail(name, f"is not {words}")
        return value

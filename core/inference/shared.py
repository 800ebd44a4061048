"""A predictor for the window: first at the device, and on the processor where memory runs out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from core.devices import DeviceLock, ran_out_of_memory
from core.errors import ResourceError
from core.inference.predictor import Predictor, load_predictor

T = TypeVar("T")


class SharedPredictor:
    """One model, used for moments beside a training child; not from two threads at once.

    Args:
        name_or_file: The model.
        device: As for `load_predictor`.
        folders: Where names are looked for.
        tell: Told in a sentence when it turns to the processor.

    Raises:
        InputError, StoreError, ResourceError: As `load_predictor`.
    """

    def __init__(
        self,
        name_or_file: str | Path,
        device: str = "auto",
        folders: Sequence[Path] | None = None,
        tell: Callable[[str], None] = lambda _sentence: None,
    ) -> None:
        self._name, self._folders, self._tell = name_or_file, folders, tell
        self.predictor = self._load(device)

    def use(self, work: Callable[[Predictor], T]) -> T:
        """Do something with the predictor while holding its device.

        Args:
            work: Called with the predictor; a second time, on the processor, where the device's
                memory ran out.

        Raises:
            ResourceError: If the processor's memory runs out too.
        """
        try:
            return self._held(work)
        except (RuntimeError, MemoryError) as error:
            if not ran_out_of_memory(error):
                raise
            if self.predictor.device == "cpu":
                raise ResourceError(
                    "Memory ran out while predicting; close other programs or stop a job."
                ) from error
        self._turn_to_cpu()
        return self._held(work)

    def _held(self, work: Callable[[Predictor], T]) -> T:
        with DeviceLock(self.predictor.device).held():
            return work(self.predictor)

    def _load(self, device: str) -> Predictor:
        try:
            return load_predictor(self._name, device, folders=self._folders)
        except (RuntimeError, MemoryError) as error:
            if not ran_out_of_memory(error) or device == "cpu":
                raise
        self._tell(_sentence(device))
        return load_predictor(self._name, "cpu", folders=self._folders)

    def _turn_to_cpu(self) -> None:
        device, self.predictor = self.predictor.device, self._load("cpu")
        self._tell(_sentence(device))


def _sentence(device: str) -> str:
    return f"The memory of {device} ran out; this window predicts on the processor from now on."

"""One accelerator, two programs: whoever a person waits for goes first.

The window uses a device for moments, a training child for hours. While the window uses it, it holds
a lock of the device; the child looks between its steps and waits. The lock is the system's own on a
small file, shared by all windows of a user, and falls when its process ends in whatever way. A
device whose file cannot be made is simply not shared with anybody.
"""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from core.progress import Cancelled, never

_POLL_S = 0.02
_TOLD_AFTER_S = 2.0
"""A wait this long is worth a word."""
_OUT_OF_MEMORY = re.compile(
    r"out of memory|can't allocate memory|failed to allocate memory|alloc_failed", re.IGNORECASE
)


def memory_figures(device: str) -> dict[str, float | str]:
    """`gpu_mib`, the most memory this process has had of an accelerator; nothing without one."""
    if not device.startswith("cuda"):
        return {}
    import torch

    return {"gpu_mib": round(torch.cuda.max_memory_allocated(device) / 2**20)}


class DeviceLock:
    """The lock of one device.

    Args:
        device: "cpu", "cuda", "cuda:1", "mps"; "cuda" and "cuda:0" are one device.
        folder: Where its file lies; by default a folder of this user's.
    """

    def __init__(self, device: str, folder: Path | None = None) -> None:
        kind, _, number = device.partition(":")
        self._path = (folder or lock_folder()) / f"{kind}-{number or 0}.lock"

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Hold it while the block runs: several windows may, and none waits for a child."""
        handle = self._open()
        if handle is not None:
            _lock_shared(handle)
        try:
            yield
        finally:
            if handle is not None:
                os.close(handle)  # and with it the system's lock

    def is_held(self) -> bool:
        """Whether somebody holds it."""
        handle = self._open()
        if handle is None:
            return False
        try:
            return not _try_alone(handle)
        finally:
            os.close(handle)

    def wait_until_free(
        self, cancelled: Cancelled = never, tell: Callable[[str], None] | None = None
    ) -> float:
        """Wait until nobody holds it, or until one is asked to stop.

        Args:
            cancelled: Looked at while waiting.
            tell: Told once, where it takes long.

        Returns:
            How long it took, in seconds; 0 where it was free.
        """
        if not self.is_held():
            return 0.0
        start_s = time.monotonic()
        while self.is_held() and not cancelled():
            if tell is not None and time.monotonic() - start_s > _TOLD_AFTER_S:
                tell("paused while a window uses the device")
                tell = None
            time.sleep(_POLL_S)
        return time.monotonic() - start_s

    def _open(self) -> int | None:
        """The file, open; None where it cannot be."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            return os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError:
            return None


def lock_folder() -> Path:
    """The folder of this user's device locks: on this machine's own disk, not a shared home."""
    user = os.getuid() if hasattr(os, "getuid") else os.environ.get("USERNAME", "user")
    return Path(tempfile.gettempdir()) / f"lineament-{user}"


def ran_out_of_memory(error: BaseException) -> bool:
    """Whether an error of PyTorch or ONNX Runtime, on any device, says that memory ran out."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    return isinstance(error, RuntimeError) and bool(_OUT_OF_MEMORY.search(str(error)))


def _lock_shared(handle: int) -> None:
    """Take a lock many may have; where the system has none such, do without.

    Only a look of somebody else, a moment long, can be in the way.
    """
    try:
        import fcntl
    except ImportError:
        import msvcrt

        with contextlib.suppress(OSError):
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        return
    with contextlib.suppress(OSError):
        fcntl.flock(handle, fcntl.LOCK_SH)


def _try_alone(handle: int) -> bool:
    """Whether a lock nobody else may have can be had; it is let go with the file."""
    try:
        import fcntl
    except ImportError:
        import msvcrt

        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        except OSError:
            return False
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return not isinstance(error, BlockingIOError)
    return True
